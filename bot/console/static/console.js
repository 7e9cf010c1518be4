// Charts, and what a page does without asking the server.
(function () {
  "use strict";

  const NAMES = ["answer", "suggest", "clarify", "abstain", "human"];

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  }

  function axes(element) {
    const grid = { stroke: colour("line"), width: 1 };
    const axis = { stroke: colour("quiet"), grid: grid, ticks: grid, font: "12px system-ui" };
    const days = { incrs: [1, 2, 7, 14, 28, 56].map((count) => count * 86400), values: [[86400, "{MMM} {D}", null, null, null, null, null, null, 1]] };
    return {
      width: element.clientWidth,
      height: 220,
      axes: [Object.assign(days, axis), Object.assign({ size: 56 }, axis)],
      tzDate: (time) => uPlot.tzDate(new Date(time * 1000), "Etc/UTC"),
    };
  }

  function drawStack(element, data) {
    // uPlot stacks nothing by itself: each series is drawn with those below it added, the highest first.
    const sums = data.times.map(() => 0);
    const stacked = NAMES.map((name) => data.decisions[name].map((count, at) => (sums[at] += count)));
    const bars = uPlot.paths.bars({ size: [0.7, 60] });
    const series = NAMES.map((name, at) => ({
      label: element.dataset[name] || name,
      fill: colour("chart-" + name),
      paths: bars,
      points: { show: false },
      value: (_, __, ___, row) => (row === null ? "–" : data.decisions[NAMES[at]][row]),
    }));
    const step = data.times.length > 1 ? data.times[1] - data.times[0] : 86400;
    const options = Object.assign(axes(element), {
      series: [{ value: "{YYYY}-{MM}-{DD}" }].concat(series.slice().reverse()),
      scales: { x: { range: (_, first, last) => [first - step / 2, last + step / 2] } },
    });
    return new uPlot(options, [data.times].concat(stacked.slice().reverse()), element);
  }

  function drawShare(element, data) {
    const options = Object.assign(axes(element), {
      series: [
        { value: "{YYYY}-{MM}-{DD}" },
        { label: element.dataset.resolved, stroke: colour("accent"), width: 2, spanGaps: false, value: (_, share) => (share === null ? "–" : Math.round(share * 100) + " %") },
      ],
      scales: { y: { range: [0, 1] } },
    });
    options.axes[1].values = (_, ticks) => ticks.map((tick) => Math.round(tick * 100) + " %");
    return new uPlot(options, [data.times, data.resolved], element);
  }

  function drawCurve(element, data) {
    const options = axes(element);
    options.axes = [Object.assign({}, options.axes[1], { size: 36 }), options.axes[1]];
    for (const axis of options.axes) axis.values = (_, ticks) => ticks.map((tick) => Math.round(tick * 100) + " %");
    options.scales = { x: { time: false, range: [0, 1] }, y: { range: [0, 1] } };
    const percent = (_, share) => (share === null ? "–" : Math.round(share * 100) + " %");
    options.series = [
      { label: element.dataset.coverage, value: percent },
      { label: element.dataset.accuracy, stroke: colour("accent"), width: 2, value: percent },
    ];
    return new uPlot(options, [data.coverage, data.accuracy], element);
  }

  function drawCharts() {
    for (const element of document.querySelectorAll("[data-chart]")) {
      const data = JSON.parse(element.dataset.series);
      const draw = { stack: drawStack, share: drawShare, curve: drawCurve }[element.dataset.chart];
      element.replaceChildren();
      const chart = draw(element, data);
      element.chart = chart;
    }
  }

  function redrawSoon() {
    clearTimeout(redrawSoon.timer);
    redrawSoon.timer = setTimeout(drawCharts, 150);
  }

  document.addEventListener("DOMContentLoaded", drawCharts);
  window.addEventListener("resize", redrawSoon);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawSoon);
})();
