// The widget: one script, no other request than to the server it came from. Whatever is shown is made of elements and
// text nodes, one by one; nothing is ever parsed as HTML.
(() => {
  "use strict";
  const script = document.currentScript;
  if (!script || window.frontdesk) return;
  const style = "{{style}}";
  const texts = "{{texts}}";
  const server = script.src.replace(/\/frontdesk\.js.*$/, "");
  const language = findLanguage(script.dataset.lang || document.documentElement.lang || navigator.language || "en");
  const say = texts[language];
  const KEY = "frontdesk:visit";
  const TAGS = new Set(["p", "strong", "em", "s", "ul", "ol", "li", "blockquote", "table", "thead", "tbody", "tr", "th", "td", "br", "code", "pre"]);
  const ICONS = {
    chat: "M21 12a8 8 0 0 1-8 8H4l2-3a8 8 0 1 1 15-5z",
    close: "M6 6l12 12M18 6L6 18",
    more: "M5 12h.01M12 12h.01M19 12h.01",
    send: "M12 20V5M5 11l7-7 7 7",
  };
  const shown = new Map(); // by name: the element of a message, and what it was drawn from
  const own = new Set(); // the questions that this page has sent, as they were written
  let secret = read(localStorage, KEY);
  let stream = null; // what ends the stream that is open
  let pause = 1;
  let ready = false; // whether all that stood before is shown

  function findLanguage(wanted) {
    const tag = wanted.replace("_", "-").toLowerCase();
    if (/^zh-(hant|tw|hk|mo)/.test(tag)) return "zh-Hant";
    return Object.keys(texts).find((each) => each === tag.split("-")[0]) || "en";
  }

  // A browser may forbid all storage: then the visit ends with the page.
  function read(storage, key) {
    try { return storage.getItem(key); } catch { return null; }
  }

  function keep(storage, key, value) {
    try { value === null ? storage.removeItem(key) : storage.setItem(key, value); } catch { /* the page remembers */ }
  }

  function drawSecret(bytes) {
    const drawn = String.fromCharCode(...crypto.getRandomValues(new Uint8Array(bytes)));
    return btoa(drawn).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
  }

  function make(tag, name, ...children) {
    const element = document.createElement(tag);
    if (name) element.className = name;
    element.append(...children);
    return element;
  }

  function makeButton(label, act, name) {
    const button = make("button", name, label);
    button.type = "button";
    button.addEventListener("click", () => act(button));
    return button;
  }

  function drawIcon(name) {
    const space = "http://www.w3.org/2000/svg";
    const icon = document.createElementNS(space, "svg");
    icon.setAttribute("viewBox", "0 0 24 24");
    icon.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(space, "path");
    path.setAttribute("d", ICONS[name]);
    icon.append(path);
    return icon;
  }

  function makeIconButton(icon, label, act) {
    const button = makeButton("", act);
    button.append(drawIcon(icon));
    button.setAttribute("aria-label", label);
    button.title = label;
    return button;
  }

  // -- how it looks ---------------------------------------------------------------------------------------------------

  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  const accent = /^#[\da-f]{6}$/i.test(script.dataset.color || "") ? script.dataset.color : "#1f5fbf";
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`${style}:host{--accent:${accent};--on:${findInk(accent)}}`);
  root.adoptedStyleSheets = [sheet];

  // Black or white, whichever is read better on the colour.
  function findInk(colour) {
    const [red, green, blue] = [1, 3, 5].map((at) => {
      const part = parseInt(colour.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000" : "#fff";
  }

  const side = script.dataset.side === "left" ? " left" : "";
  const launcher = makeIconButton("chat", say.open, toggle);
  launcher.className = `launcher${side}`;
  launcher.setAttribute("aria-expanded", "false");
  const badge = make("span", "badge");
  badge.hidden = true;
  launcher.append(badge);
  const title = make("h2", "", script.dataset.title || say.title);
  title.id = "title";
  const menu = make("div", "menu", makeButton(say.forget, forget));
  menu.hidden = true;
  const more = makeIconButton("more", say.menu, () => showMenu(menu.hidden));
  more.className = "dots";
  more.setAttribute("aria-expanded", "false");
  const log = make("div", "log", make("p", "hello", say.hello));
  log.setAttribute("role", "log");
  log.setAttribute("aria-live", "polite");
  log.setAttribute("aria-labelledby", "title");
  log.tabIndex = 0;
  const line = make("div", "line");
  line.setAttribute("role", "status");
  line.hidden = true;
  const field = make("textarea");
  field.rows = 1;
  field.maxLength = 4000;
  field.placeholder = say.write;
  field.setAttribute("aria-label", say.write);
  const send = makeIconButton("send", say.send, () => {});
  send.type = "submit";
  const form = make("form", "", field, send);
  const head = make("header", "", title, more, makeIconButton("close", say.close, () => close()));
  const panel = make("div", `panel${side}`, head, menu, log, line, form);
  panel.setAttribute("role", "dialog");
  panel.setAttribute("aria-labelledby", "title");
  panel.lang = language;
  panel.hidden = true;
  root.append(panel, launcher);

  function toggle() {
    panel.hidden ? open() : close();
  }

  function open() {
    panel.hidden = false;
    badge.hidden = true;
    launcher.setAttribute("aria-expanded", "true");
    launcher.setAttribute("aria-label", say.close);
    keep(sessionStorage, "frontdesk:open", "1");
    scrollDown();
    field.focus();
    listen();
  }

  function close() {
    panel.hidden = true;
    showMenu(false);
    launcher.setAttribute("aria-expanded", "false");
    launcher.setAttribute("aria-label", say.open);
    keep(sessionStorage, "frontdesk:open", null);
    launcher.focus();
  }

  function showMenu(visible) {
    menu.hidden = !visible;
    more.setAttribute("aria-expanded", String(visible));
    if (visible) menu.firstChild.focus();
  }

  function tell(text) {
    line.textContent = text;
    line.hidden = !text;
  }

  function scrollDown() {
    log.scrollTop = log.scrollHeight;
  }

  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    if (menu.hidden) close();
    else { showMenu(false); more.focus(); }
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  field.addEventListener("input", () => {
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight + 2}px`;
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text) return;
    field.value = "";
    field.style.height = "auto";
    ask(text);
  });

  // -- what is said ---------------------------------------------------------------------------------------------------

  function build(nodes) {
    return (nodes || []).map((node) => {
      if (typeof node === "string") return document.createTextNode(node);
      if (node.t === "h") return make("p", "heading", ...build(node.c));
      if (node.t === "a") return makeLink(node.h, ...build(node.c));
      if (!TAGS.has(node.t)) return make("span", "", ...build(node.c));
      const element = make(node.t, "", ...build(node.c));
      return node.t === "table" ? make("div", "wide", element) : element;
    });
  }

  function makeLink(address, ...children) {
    if (!/^(https?:\/\/|mailto:)/i.test(address || "")) return make("span", "", ...children);
    const link = make("a", "", ...children);
    link.href = address;
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    return link;
  }

  function drawMessage(name, body) {
    const kind = ["question", "answer", "team", "note", "status"].includes(body.kind) ? body.kind : "note";
    const item = make("div", `item ${kind}`);
    if (body.language) item.lang = body.language;
    if (kind === "question" || kind === "status") item.textContent = body.text;
    else drawReply(item, body);
    return item;
  }

  function drawReply(item, body) {
    if (body.author) item.append(make("div", "author", body.author));
    item.append(...build(body.tree));
    for (const each of body.lines || []) item.append(make("p", "", each));
    if (body.sources) {
      const list = body.sources.list.map((each) => {
        const told = make("li", "", `[${each.number}] `, each.url ? makeLink(each.url, each.title) : each.title);
        if (each.origin) told.append(` · ${each.origin}`);
        return told;
      });
      const sources = make("ul", "sources", ...list);
      sources.setAttribute("aria-label", body.sources.label);
      item.append(sources);
    }
    if ((body.options || []).length) {
      if (body.others) item.append(make("p", "", body.others));
      item.append(make("div", "row choices", ...body.options.map((each) => makeChoice(body.turn, each))));
    }
    if (body.chosen) item.append(make("p", "small", body.chosen));
    if (body.how) item.append(make("p", "small", body.how));
    const below = [...(body.verdicts || []).map((each) => makeChoice(body.turn, each)), ...makeVotes(body)];
    if (body.human) below.push(makeButton(body.human, (button) => act(button, "handoffs", { turn: body.turn })));
    for (const each of body.buttons || []) {
      below.push(makeButton(each.label, (button) => act(button, "buttons", { action: each.action, value: each.value })));
    }
    if (below.length) item.append(make("div", "row", ...below));
    if (body.votes && body.votes.thanks) item.append(make("p", "small", body.votes.thanks));
  }

  function makeChoice(turn, option) {
    const button = makeButton(option.label, () => act(button, "choices", { turn, number: option.number }));
    if (option.gist) button.append(make("span", "gist", option.gist));
    return button;
  }

  function makeVotes(body) {
    if (!body.votes) return [];
    return ["up", "down"].map((vote) => {
      const button = makeButton(body.votes[vote], () => act(button, "votes", { turn: body.turn, vote }));
      button.setAttribute("aria-pressed", String(body.votes.done === vote));
      return button;
    });
  }

  function show(name, body, finished) {
    if (own.has(name)) return; // here it stands as it was written
    const before = shown.get(name);
    if (before && !finished && before.finished && body.kind === "status") return;
    const near = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
    const item = drawMessage(name, body);
    item.setAttribute("aria-busy", String(!finished));
    const focused = before && before.item.contains(root.activeElement);
    before ? before.item.replaceWith(item) : log.append(item);
    if (focused) log.focus();
    shown.set(name, { item, finished });
    if (near || body.kind === "question") scrollDown();
    if (ready && finished && panel.hidden && body.kind !== "question") badge.hidden = false;
  }

  // -- to the server --------------------------------------------------------------------------------------------------

  function call(name, body) {
    if (!secret) keep(localStorage, KEY, (secret = drawSecret(32)));
    return fetch(`${server}/${name}`, {
      method: "POST",
      mode: "cors",
      credentials: "omit",
      referrerPolicy: "no-referrer",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${secret}` },
      body: JSON.stringify({ language, ...body }),
    });
  }

  async function act(button, name, body) {
    button.disabled = true;
    tell("");
    try {
      const answer = await call(name, body);
      if (answer.status === 409) tell((await answer.json()).told);
      else if (!answer.ok) tell(answer.status === 429 ? say.many : say.unsent);
    } catch {
      tell(say.offline);
    }
    button.disabled = false;
  }

  function ask(text) {
    const id = drawSecret(18);
    const name = `question:${id}`;
    show(name, { kind: "question", text }, true);
    own.add(name);
    submit({ id, text }, 0);
  }

  // Sent again under the same id, it is the same message.
  async function submit(message, tries) {
    let status = 0;
    try {
      status = (await call("messages", message)).status;
    } catch { /* as if it had not been taken */ }
    if (status === 202) {
      tell("");
      listen();
    } else if ((status === 0 || status === 503) && tries < 4) {
      tell(say.offline);
      setTimeout(() => submit(message, tries + 1), 1000 * 2 ** tries);
    } else {
      tell(status === 429 ? say.many : "");
      const again = makeButton(say.unsent, () => { again.remove(); submit(message, 0); }, "unsent");
      shown.get(`question:${message.id}`).item.after(again);
      scrollDown();
    }
  }

  async function forget() {
    showMenu(false);
    if (!window.confirm(say.sure)) return more.focus();
    if (secret) {
      const answer = await call("forget", {}).catch(() => null);
      if (!answer || !answer.ok) return tell(say.offline);
    }
    if (stream) stream.abort();
    keep(localStorage, KEY, (secret = null));
    for (const { item } of shown.values()) item.remove();
    for (const each of log.querySelectorAll(".unsent")) each.remove();
    shown.clear();
    own.clear();
    tell(say.forgotten);
    field.focus();
  }

  // Open while the page is seen and somebody has asked: a browser holds few connections to a server.
  async function listen() {
    if (stream || !secret || document.hidden) return;
    const ending = (stream = new AbortController());
    try {
      const answer = await fetch(`${server}/events`, {
        method: "POST",
        mode: "cors",
        credentials: "omit",
        referrerPolicy: "no-referrer",
        headers: { Authorization: `Bearer ${secret}` },
        signal: ending.signal,
      });
      if (!answer.ok) throw new Error(answer.statusText);
      await readEvents(answer.body.getReader());
    } catch { /* it is opened again */ }
    if (stream === ending) stream = null;
    if (ending.signal.aborted) return;
    setTimeout(listen, 1000 * pause);
    pause = Math.min(pause * 2, 30);
  }

  async function readEvents(reader) {
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      const events = text.split("\n\n");
      text = events.pop();
      events.forEach(receive);
    }
  }

  function receive(event) {
    const match = /^event: (\w+)\ndata: (.*)$/.exec(event);
    if (!match) return;
    const data = JSON.parse(match[2]);
    if (match[1] === "message") show(data.name, data.body, true);
    if (match[1] === "progress") show(data.name, data.body, false);
    if (match[1] === "gone" && shown.has(data.name)) {
      shown.get(data.name).item.remove();
      shown.delete(data.name);
    }
    if (match[1] === "ready") {
      ready = true;
      pause = 1;
      tell("");
      scrollDown();
    }
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) return listen();
    if (stream) stream.abort();
    stream = null;
  });

  function begin() {
    document.body.append(host);
    if (read(sessionStorage, "frontdesk:open")) open();
    else listen();
  }

  window.frontdesk = { open, close };
  document.body ? begin() : document.addEventListener("DOMContentLoaded", begin);
})();
