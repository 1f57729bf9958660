// Makes the charts of a page answer to pointer and keyboard: hover, zoom, switches, and the choice of a subject.
"use strict";

const data = JSON.parse(document.getElementById("chart-data").textContent);
const state = { subject: data.subject, off: new Set(data.off || []), zoom: null };
const figures = [];

function start() {
  for (const figure of document.querySelectorAll("figure[data-chart]")) {
    const chart = data.charts[figure.dataset.chart];
    chart.id = figure.dataset.chart;
    for (const list of chart.subjects ? Object.values(chart.subjects) : [chart.series]) {
      for (const one of list) if (typeof one.x === "string") one.x = data.grids[one.x];
    }
    const box = figure.querySelector(".plot");
    const shown = { figure, chart, box, cursor: null, drawn: null };
    shown.tip = node("div", { class: "tip", hidden: "" }, box);
    shown.legend = node("ul", { class: "legend", "aria-label": `Series of ${chart.title}` });
    box.after(shown.legend);
    listen(shown);
    numbersOf(shown);
    figures.push(shown);
  }
  const choice = document.getElementById("subject");
  if (choice) {
    choice.value = state.subject;
    choice.addEventListener("change", () => { state.subject = choice.value; redraw(); });
  }
  for (const link of document.querySelectorAll("button[data-subject]")) {
    link.addEventListener("click", () => choose(link.dataset.subject));
  }
  document.getElementById("whole-run")?.addEventListener("click", () => zoomTo(null));
  for (const switcher of document.querySelectorAll("button[data-tag]")) {
    switcher.addEventListener("click", () => toggle(switcher.dataset.tag));
  }
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.addEventListener("click", () => copy(button));
  }
  for (const button of document.querySelectorAll("button[data-cells]")) {
    button.addEventListener("click", () => showCells(button));
  }
  redraw();
  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth !== width) { width = window.innerWidth; redraw(); }
  });
  printing();
}

function redraw() {
  for (const shown of figures) draw(shown);
  for (const switcher of document.querySelectorAll("button[data-tag]")) {
    switcher.setAttribute("aria-pressed", String(!state.off.has(switcher.dataset.tag)));
  }
  const whole = document.getElementById("whole-run");
  if (whole) whole.disabled = state.zoom === null;
}

function draw(shown) {
  hideCursor(shown);
  shown.drawn = drawChart(shown.box, shown.chart, state);
  drawLegend(shown);
  const { chart, figure } = shown, about = figure.querySelector(".about");
  if (about && chart.subjects) about.textContent = data.subjects[state.subject];
  const numbers = figure.querySelector("details");
  if (numbers?.open) fillNumbers(shown, numbers);
}

// The legend: one button for each switch. A switch works on every chart that has a series of this name.
function drawLegend({ chart, legend }) {
  const focused = legend.contains(document.activeElement) ? document.activeElement.dataset.tag : null;
  const named = new Map();
  for (const one of seriesOf(chart, state.subject)) {
    const tag = one.tags[0];
    if (!named.has(tag) && one.y.some((value) => value !== null)) named.set(tag, one);
  }
  legend.replaceChildren();
  if (named.size < (chart.names_one ? 1 : 2)) return;
  for (const [tag, one] of named) {
    const colour = one.tags.length > 1 ? "dim" : one.colour; // of several runs, each has a colour of its own
    const pressed = !state.off.has(tag), item = node("li", {}, legend);
    const button = node("button", { type: "button", "aria-pressed": String(pressed), "data-tag": tag }, item);
    const key = node("svg", { viewBox: "0 0 22 10", class: `key c-${colour}`, "aria-hidden": "true" }, button);
    if (one.style === "line" || one.style === "dash") node("path", { d: "M1,5h20", class: one.style === "dash" ? "line dash" : "line" }, key);
    else if (one.style === "dots") node("circle", { cx: 11, cy: 5, r: 4, class: one.marks ? "mark m-good" : "dot" }, key);
    else node("rect", { x: 4, y: 0, width: 14, height: 10, class: "fill" }, key);
    button.append(one.label || tag);
    button.addEventListener("click", () => toggle(tag));
    if (tag === focused) button.focus();
  }
}

function toggle(tag) {
  if (!state.off.delete(tag)) state.off.add(tag);
  redraw();
}

function choose(subject) {
  state.subject = subject;
  const choice = document.getElementById("subject");
  choice.value = subject;
  redraw();
  document.getElementById("evidence").scrollIntoView();
}

function zoomTo(range) {
  state.zoom = range;
  redraw();
}

// -- the cursor -----------------------------------------------------------------------------------------------------

function listen(shown) {
  const { box, chart } = shown;
  let from = null;
  const at = (event) => event.clientX - box.getBoundingClientRect().left;
  box.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    from = chart.zooms ? at(event) : null;
    moveCursor(shown, shown.drawn.across.back(at(event)));
  });
  box.addEventListener("pointermove", (event) => {
    moveCursor(shown, shown.drawn.across.back(at(event)));
    if (from !== null) drawSelection(shown, from, at(event));
  });
  box.addEventListener("pointerup", (event) => {
    const to = at(event), { across, left, right } = shown.drawn;
    if (from !== null && Math.abs(to - from) > 8) {
      zoomTo([Math.min(from, to), Math.max(from, to)].map((pixel) => across.back(Math.min(right, Math.max(left, pixel)))));
    }
    from = null;
    shown.drawn.svg.querySelector(".selection")?.remove();
  });
  box.addEventListener("pointerleave", () => { from = null; if (document.activeElement !== box) hideCursors(); });
  box.addEventListener("pointercancel", () => { from = null; });
  box.addEventListener("dblclick", () => zoomTo(null));
  box.addEventListener("blur", hideCursors);
  box.addEventListener("keydown", (event) => { if (onKey(shown, event.key)) event.preventDefault(); });
}

function onKey(shown, key) {
  const { xs } = shown.drawn, places = placesOf(shown);
  const cursor = shown.cursor ?? xs[0], near = places.reduce((best, x, at) => (Math.abs(x - cursor) < Math.abs(places[best] - cursor) ? at : best), 0);
  const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[key];
  if (step) moveCursor(shown, places[Math.min(places.length - 1, Math.max(0, shown.cursor === null ? 0 : near + step))]);
  else if (key === "Home" || key === "End") moveCursor(shown, places.at(key === "Home" ? 0 : -1));
  else if (key === "Escape") { hideCursors(); zoomTo(null); }
  else if ((key === "+" || key === "-") && shown.chart.zooms) {
    const half = ((xs[1] - xs[0]) / 2) * (key === "+" ? 0.5 : 2), whole = [shown.chart.x.low, shown.chart.x.high];
    const range = [Math.max(whole[0], cursor - half), Math.min(whole[1], cursor + half)];
    zoomTo(range[0] <= whole[0] && range[1] >= whole[1] ? null : range);
    moveCursor(shown, cursor);
  } else return false;
  return true;
}

function placesOf(shown) {
  const { xs } = shown.drawn, all = shown.drawn.shown.flatMap((one) => one.x.filter((_, at) => one.top[at] !== null));
  return [...new Set(all)].filter((x) => x >= xs[0] && x <= xs[1]).sort((one, other) => one - other);
}

// Shows the cursor at a place of the horizontal axis, on this chart and on all charts with the same axis.
function moveCursor(shown, x) {
  if (x === undefined) return;
  for (const other of figures) {
    if (other === shown || (shown.chart.zooms && other.chart.zooms)) showCursor(other, x, other === shown);
    else hideCursor(other);
  }
}

function showCursor(shown, x, withTip) {
  const { svg, across, up, left, right, top, bottom, shown: series } = shown.drawn;
  hideCursor(shown);
  if (across(x) < left - 1 || across(x) > right + 1 || !series.length) return;
  shown.cursor = x;
  const group = node("g", { class: "cursor" }, svg);
  const found = series.map((one) => nearest(one, x, shown.chart)).filter(Boolean);
  if (!found.length) return;
  const here = found.reduce((best, one) => (Math.abs(one.x - x) < Math.abs(best.x - x) ? one : best)).x;
  node("line", { x1: across(here), x2: across(here), y1: top, y2: bottom }, group);
  for (const { one, at } of found) {
    if (one.style === "bars" || one.style === "cells" || one.top[at] === NEVER) continue;
    node("circle", { cx: across(one.x[at]), cy: up(one.top[at]), r: 4, class: `c-${one.colour}` }, group);
  }
  if (!withTip) return;
  const { tip, chart } = shown;
  tip.replaceChildren();
  tip.hidden = false;
  node("b", {}, tip, chart.points ? "" : `${chart.x.label}: ${formatNumber(here, chart.x.unit)}`);
  for (const { one, at } of found) {
    const row = node("div", {}, tip);
    node("i", { class: `c-${one.colour}` }, row);
    row.append(`${nameOf(one)} `);
    node("b", {}, row, formatValue(one, at, chart));
  }
  const place = across(here), wide = tip.offsetWidth;
  tip.style.left = `${place + wide + 24 > right ? Math.max(0, place - wide - 12) : place + 12}px`;
}

function nameOf(one) {
  return [one.label || one.tags[0], ...one.tags.slice(1)].join(", ");
}

function formatValue(one, at, chart) {
  if (one.style === "cells") return `${formatNumber(one.heat[at], "")} at ${formatNumber(one.y[at], chart.y.unit)}`;
  const said = one.low && !one.stack
    ? `${formatNumber(one.low[at], chart.y.unit)} to ${formatNumber(one.y[at], chart.y.unit)}`
    : formatNumber(one.y[at], chart.y.unit);
  if (one.notes) return `${said}, ${one.notes[at]}`;
  return one.numbers ? `${one.numbers[at].toLocaleString("en")} (${said})` : said;
}

// The point of a series at this place, unless it is too far away.
function nearest(one, x, chart) {
  let best = -1;
  for (let at = 0; at < one.x.length; at += 1) {
    if (one.top[at] === null || (one.style === "bars" && !one.y[at])) continue;
    const away = one.width ? Math.abs(one.x[at] + one.width / 2 - x) : Math.abs(one.x[at] - x);
    if (best < 0 || away <= Math.abs(one.x[best] + (one.width || 0) / 2 - x)) best = at;
  }
  if (best < 0) return null;
  const reach = one.width ? one.width / 2 : chart.x.log || chart.points ? Infinity : reachOf(one);
  const away = Math.abs(one.x[best] + (one.width || 0) / 2 - x);
  return away <= reach + 1e-9 ? { one, at: best, x: one.x[best] } : null;
}

function reachOf(one) {
  return one.x.length > 1 ? ((one.x.at(-1) - one.x[0]) / (one.x.length - 1)) * 1.5 : Infinity;
}

function hideCursor(shown) {
  shown.cursor = null;
  shown.tip.hidden = true;
  shown.drawn?.svg.querySelector(".cursor")?.remove();
}

function hideCursors() {
  figures.forEach(hideCursor);
}

function drawSelection({ drawn }, from, to) {
  drawn.svg.querySelector(".selection")?.remove();
  const { top, bottom } = drawn;
  node("rect", { x: Math.min(from, to), y: top, width: Math.abs(to - from), height: bottom - top, class: "selection" }, drawn.svg);
}

// -- numbers, cells, copies, paper ----------------------------------------------------------------------------------

function numbersOf(shown) {
  const details = shown.figure.querySelector("details.numbers");
  details?.addEventListener("toggle", () => { if (details.open) fillNumbers(shown, details); });
}

function fillNumbers(shown, details) {
  details.querySelector("div")?.remove();
  const { chart, drawn } = shown, table = node("table", {}, node("div", { class: "wide", tabindex: "0" }, details));
  const series = drawn.shown.filter((one) => one.style !== "cells" && one.y.some((value) => value !== null));
  const head = node("tr", {}, node("thead", {}, table)), body = node("tbody", {}, table);
  node("th", { scope: "col" }, head, chart.x.label);
  for (const one of series) node("th", { scope: "col" }, head, nameOf(one));
  for (const x of [...new Set(series.flatMap((one) => one.x))].sort((one, other) => one - other)) {
    const row = node("tr", {}, body);
    node("th", { scope: "row" }, row, formatNumber(x, chart.x.unit));
    for (const one of series) {
      const at = one.x.indexOf(x);
      node("td", {}, row, at < 0 ? "–" : formatValue(one, at, chart));
    }
  }
}

function showCells(button) {
  const table = document.getElementById("heat");
  table.dataset.show = button.dataset.cells;
  for (const other of document.querySelectorAll("button[data-cells]")) other.setAttribute("aria-pressed", String(other === button));
}

async function copy(button) {
  const text = document.getElementById(button.dataset.copy).textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "copied";
  } catch {
    getSelection().selectAllChildren(document.getElementById(button.dataset.copy));
  }
}

function printing() {
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not(.numbers):not([open])")];
    for (const one of opened) one.open = true;
  });
  window.addEventListener("afterprint", () => { for (const one of opened) one.open = false; });
}

start();
