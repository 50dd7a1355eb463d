// Fills the page from the feed. Messages are strangers' text: every word goes in as text, never as markup.
"use strict";

const NAMES = { khoros: "Khoros Flow", rapidpro: "RapidPro", kaleyra: "Kaleyra", qiscus: "Qiscus", imiconnect: "IMIconnect" };
const KINDS = { text: "", template: "Template", event: "Event", flow: "Flow", voice_flow: "Call flow", voice_media: "Voice message" };
const STATUSES = { queued: "Queued", sent: "Sent", delivered: "Delivered", read: "Read", failed: "Failed", opted_out: "Opted out" };
const ICONS = { queued: "queued", sent: "sent", delivered: "delivered", read: "delivered", failed: "failed", opted_out: "failed" };
const REFRESH_MS = 1500;
let provider = "";
let shown = "";
const known = new Map();

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) { node.textContent = text; node.dir = "auto"; }
  return node;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", "#icon-" + name);
  svg.append(use);
  return svg;
}

function words(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function body(message) {
  const content = message.content;
  if (message.kind.startsWith("voice")) {
    const call = make("div", "call");
    const told = make("div");
    told.append(make("p", "heading", message.status === "failed" ? "Missed call" : "Incoming call"), make("p", "footer", words(message.text)));
    call.append(icon("call"), told);
    return [call];
  }
  const parts = [];
  if (content.header) parts.push(make("p", "heading", words(content.header)));
  if (message.text) parts.push(make("p", message.kind === "text" || message.kind === "flow" ? "" : "heading", words(message.text)));
  if (content.variables && content.variables.length) {
    const list = make("ul", "variables");
    list.append(...content.variables.map((variable) => make("li", "", words(variable))));
    parts.push(list);
  }
  if (content.footer) parts.push(make("p", "footer", words(content.footer)));
  const files = Object.values(content.attachments || {}).reduce((most, list) => Math.max(most, list.length), 0);
  if (files) parts.push(make("p", "footer", files === 1 ? "1 attachment" : files + " attachments"));
  const replies = (content.quick_replies || {})[content.language] || [];
  parts.push(...replies.map((reply) => make("span", "button", words(reply.text))));
  parts.push(...(content.buttons || []).map((button) => make("span", "button", words(button))));
  return parts;
}

function bubble(message) {
  const failed = message.status === "failed" || message.status === "opted_out";
  const node = make("article", "bubble" + (failed ? " failed" : ""));
  if (KINDS[message.kind]) node.append(make("p", "label", KINDS[message.kind]));
  node.append(...body(message));
  const meta = make("div", "meta " + message.status);
  const time = new Date(message.received_at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  meta.append(failed ? STATUSES[message.status] + " · " + time : time, icon(ICONS[message.status]));
  meta.title = STATUSES[message.status];
  meta.append(Object.assign(make("span", "visually-hidden"), { textContent: STATUSES[message.status] }));
  node.append(meta);
  return node;
}

function phone(conversation) {
  const node = make("section", "phone " + conversation.provider);
  const head = make("header");
  const who = make("div", "who");
  const address = conversation.address.replace(/^tel:/, "");
  who.append(make("strong", "", address), make("span", "", NAMES[conversation.provider]));
  head.append(make("span", "avatar", address.slice(-2)), who);
  const screen = make("div", "screen");
  screen.tabIndex = 0;
  screen.setAttribute("role", "log");
  screen.setAttribute("aria-live", "off");
  screen.setAttribute("aria-label", "Messages to " + address);
  screen.append(...conversation.messages.map(bubble));
  node.append(head, screen);
  return node;
}

function showPhones(conversations) {
  // A phone whose messages have not changed stays as it is, and keeps its scroll position.
  const nodes = conversations.map((conversation) => {
    const key = conversation.provider + " " + conversation.address;
    const state = JSON.stringify(conversation);
    const before = known.get(key);
    if (before && before.state === state) return before.node;
    const node = phone(conversation);
    known.set(key, { state, node });
    return node;
  });
  document.getElementById("phones").replaceChildren(...nodes);
  for (const [key, { node }] of known) if (!nodes.includes(node)) known.delete(key);
  for (const node of nodes) {
    const screen = node.lastElementChild;
    if (!screen.dataset.placed) { screen.scrollTop = screen.scrollHeight; screen.dataset.placed = "1"; }
  }
  document.getElementById("empty").hidden = conversations.length > 0;
}

function showTotals(totals) {
  const chosen = Object.entries(totals).filter(([name]) => !provider || name === provider).map(([, counts]) => counts);
  const sum = (what, list) => list.reduce((total, counts) => total + (counts[what] || 0), 0);
  for (const place of document.querySelectorAll("[data-total]")) {
    place.textContent = sum(place.dataset.total, chosen).toLocaleString();
  }
  for (const tab of document.querySelectorAll(".tab")) {
    const list = tab.dataset.provider ? [totals[tab.dataset.provider]] : Object.values(totals);
    tab.querySelector(".count").textContent = sum("accepted", list).toLocaleString();
  }
}

async function refresh() {
  const live = document.getElementById("live");
  const asked = provider;
  try {
    const answer = await fetch("/_simulator/feed?provider=" + asked);
    const text = await answer.text();
    if (asked !== provider) return;
    if (text !== shown) {
      const feed = JSON.parse(text);
      showPhones(feed.phones);
      showTotals(feed.totals);
      shown = text;
    }
    live.className = "live on";
    live.textContent = "Live";
  } catch (error) {
    live.className = "live off";
    live.textContent = "Not running";
  }
}

for (const tab of document.querySelectorAll(".tab")) {
  tab.addEventListener("click", () => {
    provider = tab.dataset.provider;
    for (const other of document.querySelectorAll(".tab")) other.setAttribute("aria-pressed", String(other === tab));
    refresh();
  });
}
setInterval(() => { if (!document.hidden) refresh(); }, REFRESH_MS);
refresh();
