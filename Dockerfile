# The Frontdesk command line. The first stage has the compiler, the second only what runs.
FROM python:3.11 AS build
COPY . /src
# The CPU build of torch, which is a tenth of the default one's size, comes from PyTorch's own index.
RUN python -m venv /opt/frontdesk \
 && /opt/frontdesk/bin/pip install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu /src

FROM python:3.11-slim
COPY --from=build /opt/frontdesk /opt/frontdesk
RUN useradd --create-home --uid 1000 frontdesk && install -d -o frontdesk -g frontdesk /data
ENV PATH="/opt/frontdesk/bin:$PATH" FRONTDESK_DATA_DIR=/data
USER frontdesk
WORKDIR /data
VOLUME /data
ENTRYPOINT ["frontdesk"]
CMD ["--help"]
