// Draws a chart as SVG from its data. The page calls drawChart; see chart.py for the form of the data.
"use strict";

const SVG = "http://www.w3.org/2000/svg";
const NEVER = -1; // a time that was never reached

function node(name, attributes, parent, text) {
  const made = name === "svg" || parent instanceof SVGElement
    ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  if (parent) parent.append(made);
  return made;
}

// -- numbers with units ---------------------------------------------------------------------------------------------

function digits(value) {
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(3)));
}

function formatNumber(value, unit) {
  if (value === null || Number.isNaN(value)) return "–";
  switch (unit) {
    case "s":
      if (value === NEVER) return "never";
      return value >= 0.9995 || value === 0 ? `${digits(value)} s` : `${digits(value * 1e3)} ms`;
    case "share": return `${digits(value * 100)} %`;
    case "bytes": {
      const power = value ? Math.min(3, Math.floor(Math.log10(Math.abs(value)) / 3)) : 0;
      return `${digits(value / 1000 ** power)} ${["", "k", "M", "G"][power]}B`;
    }
    case "bytes/s": return `${formatNumber(value, "bytes")}/s`;
    case "elapsed": {
      const seconds = Math.round(value), clock = [Math.floor(seconds / 60) % 60, seconds % 60];
      const hours = Math.floor(seconds / 3600);
      return (hours ? [hours, ...clock] : clock).map((part, place) => (place ? String(part).padStart(2, "0") : part)).join(":");
    }
    case "clock": return new Date(value * 1e3).toISOString().slice(11, 19);
    case "nines": return `${Number(((1 - 10 ** -value) * 100).toFixed(3))} %`;
    default: return digits(value) + (unit || "");
  }
}

// -- scales ---------------------------------------------------------------------------------------------------------

const ELAPSED_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];

function linearTicks(low, high, about) {
  const rough = (high - low) / about || 1, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5, 10].find((factor) => power * factor >= rough * 0.999) || 10);
  return multiples(low, high, step);
}

function multiples(low, high, step) {
  const found = [];
  for (let number = Math.ceil(low / step - 1e-9); number * step <= high + step * 1e-9; number += 1) found.push(number * step);
  return found;
}

function logTicks(low, high, about) {
  const found = [];
  const factors = Math.log10(high / low) > about ? [1] : Math.log10(high / low) > about / 2.5 ? [1, 3] : [1, 2, 5];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
    for (const factor of factors) {
      const tick = factor * 10 ** power;
      if (tick >= low * 0.999 && tick <= high * 1.001) found.push(tick);
    }
  }
  return found.length < 3 ? linearTicks(low, high, about) : found;
}

function ticksOf(axis, low, high, about) {
  if (axis.log) return logTicks(low, high, about);
  if (axis.unit === "nines") return [0, Math.log10(2), 1, 2, 3, 4, 5, 6].filter((tick) => tick >= low && tick <= high);
  if (axis.unit === "elapsed" || axis.unit === "clock") {
    return multiples(low, high, ELAPSED_STEPS.find((step) => (high - low) / step <= about) || 86400);
  }
  return linearTicks(low, high, about);
}

function scaleOf(axis, low, high, from, to) {
  const turn = axis.log ? Math.log : (value) => value;
  const first = turn(low), span = turn(high) - first || 1;
  const place = (value) => from + ((turn(value) - first) / span) * (to - from);
  place.back = (pixel) => {
    const value = first + ((pixel - from) / (to - from)) * span;
    return axis.log ? Math.exp(value) : value;
  };
  return place;
}

// -- what is drawn --------------------------------------------------------------------------------------------------

// The series of a chart for one subject that are switched on, with their stacks added up.
function visibleSeries(chart, subject, off) {
  const every = seriesOf(chart, subject);
  const stack = new Map();
  return every.filter((one) => !one.tags.some((tag) => off.has(tag))).map((one) => {
    if (!one.stack) return { ...one, top: one.y };
    const top = one.y.map((value, place) => {
      const x = one.x[place], below = stack.get(x) || 0;
      stack.set(x, below + (value || 0));
      return below + (value || 0);
    });
    return { ...one, top, low: one.y.map((value, place) => top[place] - (value || 0)) };
  });
}

function seriesOf(chart, subject) {
  return chart.subjects ? chart.subjects[subject] || [] : chart.series;
}

function boundsOf(chart, subject) {
  return (chart.bounds || []).filter((bound) => bound.subject === undefined || bound.subject === subject);
}

function domainX(chart, shown, zoom) {
  if (zoom && chart.zooms) return zoom;
  const values = shown.flatMap((one) => one.x);
  const axis = chart.x, low = axis.low ?? Math.min(...values), high = axis.high ?? Math.max(...values);
  if (!values.length && axis.high === undefined) return [axis.log ? 0.001 : 0, 1];
  if (axis.log) return [low > 0 ? low * 0.95 : 1e-4, Math.max(high, low * 2) * 1.05];
  return [low, high > low ? high + (chart.points ? (high - low) * 0.04 : 0) : low + 1];
}

function domainY(chart, shown, bounds, across) {
  const inside = [];
  for (const one of shown) {
    one.x.forEach((x, place) => {
      if (x < across[0] - (one.width || 0) || x > across[1]) return;
      for (const value of [one.top[place], one.low && !one.stack ? one.low[place] : null]) {
        if (value !== null && value !== NEVER) inside.push(value);
      }
    });
  }
  const axis = chart.y, most = Math.max(...inside, -Infinity), least = Math.min(...inside, Infinity);
  if (axis.unit === "nines") return [0, Math.max(2, most * 1.03)];
  if (!inside.length) return axis.log ? [0.001, 1] : [0, axis.high || 1];
  const level = bounds.filter((bound) => bound.y !== undefined).map((bound) => bound.y);
  if (axis.log) {
    const low = Math.min(least, ...level.filter((y) => y > least / 20)), high = Math.max(most, ...level.filter((y) => y < most * 60));
    return [low / 1.3, Math.max(high * 1.3, low * 3)];
  }
  const near = level.filter((y) => y <= most * 4);
  return [Math.min(0, least), axis.high ?? (Math.max(most, ...near) * 1.08 || 1)];
}

// Draws a chart into a box; returns what the page needs for the cursor.
function drawChart(box, chart, state) {
  box.querySelector("svg")?.remove();
  const shown = visibleSeries(chart, state.subject, state.off), bounds = boundsOf(chart, state.subject);
  if (chart.empty && !seriesOf(chart, state.subject).some((one) => one.y.some((value) => value !== null))) return drawNothing(box, chart);
  const width = Math.max(280, box.clientWidth || 680), height = chart.height || 250;
  const svg = node("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true", focusable: "false" });
  box.prepend(svg);
  const xs = domainX(chart, shown, state.zoom), ys = domainY(chart, shown, bounds, xs);
  const ticks = ticksOf(chart.y, ys[0], ys[1], 5);
  const names = ticks.map((tick) => formatNumber(tick, chart.y.unit));
  const left = 14 + 7 * Math.max(...names.map((name) => name.length), 3), right = width - 14, bottom = height - 36;
  const away = bounds.filter((bound) => bound.y < ys[0] || bound.y > ys[1]), beside = (chart.y.label ?? "").length + Math.max(0, ...away.map((bound) => bound.label.length)) < width / 7 - 6;
  const firstRow = beside ? 0 : 1, top = 40 + 14 * Math.max(0, away.length - 1 + firstRow);
  const across = scaleOf(chart.x, xs[0], xs[1], left, right), up = scaleOf(chart.y, ys[0], ys[1], bottom, top);
  drawPhases(svg, chart, across, top, bottom, left, right);
  ticks.forEach((tick, place) => {
    node("line", { x1: left, x2: right, y1: up(tick), y2: up(tick), class: "grid" }, svg);
    node("text", { x: left - 6, y: up(tick) + 4, "text-anchor": "end" }, svg, names[place]);
  });
  let free = -Infinity; // from here on, the text of a tick meets no other
  for (const tick of ticksOf(chart.x, xs[0], xs[1], width < 480 ? 4 : 8)) {
    node("line", { x1: across(tick), x2: across(tick), y1: bottom, y2: bottom + 4, class: "tick" }, svg);
    const name = formatNumber(tick, chart.x.unit), half = 3.5 * name.length;
    if (across(tick) - half < free) continue;
    node("text", { x: across(tick), y: bottom + 17, "text-anchor": "middle" }, svg, name);
    free = across(tick) + half + 6;
  }
  node("line", { x1: left, x2: right, y1: bottom, y2: bottom, class: "axis" }, svg);
  node("text", { x: right, y: height - 4, "text-anchor": "end", class: "label" }, svg, chart.x.label);
  node("text", { x: 2, y: 12, class: "label" }, svg, chart.y.label);
  const clip = `clip-${chart.id}`, place = { left, right, top, bottom, across, up, clip };
  node("rect", { x: left, y: top - 6, width: right - left, height: bottom - top + 6 }, node("clipPath", { id: clip }, svg));
  const inside = node("g", { "clip-path": `url(#${clip})` }, svg);
  for (const one of shown) drawSeries(inside, one, place);
  away.forEach((bound, row) => drawAway(svg, bound, right, 12 + 14 * (row + firstRow), ys[1]));
  place.labels = [];
  for (const bound of bounds) if (!away.includes(bound)) drawBound(svg, bound, place);
  if (!shown.some((one) => one.top.some((value) => value !== null))) {
    node("text", { x: (left + right) / 2, y: (top + bottom) / 2, "text-anchor": "middle" }, svg, "Everything is switched off, or has too few samples.");
  }
  return { svg, shown, ...place, xs };
}

// One line instead of an empty chart.
function drawNothing(box, chart) {
  const svg = node("svg", { viewBox: "0 0 340 24", class: "nothing", "aria-hidden": "true", focusable: "false" });
  box.prepend(svg);
  node("text", { x: 2, y: 16, class: "label" }, svg, chart.empty);
  const flat = scaleOf({}, 0, 1, 0, 1);
  return { svg, shown: [], left: 0, right: 1, top: 0, bottom: 1, across: flat, up: flat, xs: [0, 1] };
}

function drawPhases(svg, chart, across, top, bottom, left, right) {
  for (const phase of chart.phases || []) {
    const from = Math.max(left, across(phase.from)), to = Math.min(right, across(phase.to));
    if (to <= from) continue;
    if (phase.name !== "steady") node("rect", { x: from, y: top, width: to - from, height: bottom - top, class: "phase" }, svg);
    if (phase.from > chart.x.low) node("line", { x1: from, x2: from, y1: top, y2: bottom, class: "phase-edge" }, svg);
    if (to - from > phase.name.length * 6.6 + 6) node("text", { x: from + 4, y: top - 6, class: "phase-name" }, svg, phase.name);
  }
}

function drawSeries(parent, one, place) {
  const { across, up, top, bottom } = place, group = node("g", { class: `c-${one.colour}` }, parent);
  const points = one.x.map((x, at) => [across(x), one.top[at] === null ? null : one.top[at] === NEVER ? top - 2 : up(one.top[at]), at]);
  const kept = points.filter(([, y]) => y !== null);
  if (one.style === "bars") {
    for (const [x, y, at] of kept) {
      if (!one.y[at]) continue;
      const wide = Math.max(1, across(one.x[at] + one.width) - x - 0.6), base = Math.min(bottom, up(one.low[at]));
      node("rect", { x, y, width: wide, height: Math.max(0.5, base - y), class: "fill" }, group);
    }
  } else if (one.style === "cells") {
    const most = Math.max(...one.heat);
    kept.forEach(([x, y, at]) => {
      const wide = Math.max(1, across(one.x[at] + one.width) - x), strength = Math.sqrt(one.heat[at] / most).toFixed(2);
      node("rect", { x, y, width: wide, height: up(one.low[at]) - y, class: "fill", "fill-opacity": strength }, group);
    });
  } else if (one.style === "dots") {
    kept.forEach(([x, y, at]) => node("circle", { cx: x, cy: y, r: 3.5, class: one.marks ? `mark m-${one.marks[at]}` : "dot" }, group));
  } else {
    if (one.low) {
      const back = one.x.map((x, at) => `${across(x).toFixed(1)},${up(one.low[at]).toFixed(1)}`).reverse();
      node("polygon", { points: [...kept.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`), ...back].join(" "), class: "area" }, group);
    }
    const path = pathOf(points);
    if (path && one.style !== "band") node("path", { d: path, class: one.style === "dash" ? "line dash" : "line" }, group);
    kept.forEach(([x, y, at]) => {
      const alone = (at === 0 || one.top[at - 1] === null) && (at === points.length - 1 || one.top[at + 1] === null);
      if (one.top[at] === NEVER) node("path", { d: `M${x - 4},${top + 4}l4,-7l4,7z`, class: "never" }, group);
      else if (alone) node("circle", { cx: x, cy: y, r: 2.5, class: "dot" }, group);
    });
  }
}

function pathOf(points) {
  let path = "", gap = true;
  for (const [x, y] of points) {
    if (y !== null) path += `${gap ? "M" : "L"}${x.toFixed(1)},${y.toFixed(1)}`;
    gap = y === null;
  }
  return path;
}

function drawBound(svg, bound, { left, right, top, bottom, across, up, labels }) {
  const group = node("g", { class: `bound b-${bound.state}` }, svg);
  if (bound.y !== undefined) {
    const y = up(bound.y);
    boundLine(group, { x1: left, x2: right, y1: y, y2: y });
    const wide = 6.8 * bound.label.length + 12; // above its line, or below, or further left: where no other label stands
    const spots = [0, 1, 2].flatMap((column) => [y - 5, y + 14].map((at) => [right - column * wide, at]));
    const free = ([x, at]) => at > top && at < bottom && labels.every((one) => Math.abs(one.at - at) > 14 || one.x - one.wide > x || x - wide > one.x);
    const [x, at] = spots.find(free) ?? spots[0];
    labels.push({ x, at, wide });
    return boundLabel(group, x, at, "end", bound.label);
  }
  const x = across(bound.x);
  if (x < left || x > right) return group;
  boundLine(group, { x1: x, x2: x, y1: top, y2: bottom });
  const late = x > (left + right) / 2;
  return boundLabel(group, late ? x - 5 : x + 5, top + 10 + 14 * (bound.row || 0), late ? "end" : "start", bound.label);
}

// A bound outside the chart: only its label, with an arrow.
function drawAway(svg, bound, right, y, high) {
  return boundLabel(node("g", { class: `bound b-${bound.state}` }, svg), right, y, "end", `${bound.y > high ? "↑" : "↓"} ${bound.label}`);
}

// A bound can be seen on bars of its own colour: its line has an edge, and its label stands on paper.
function boundLine(group, place) {
  node("line", { ...place, class: "edge" }, group);
  node("line", place, group);
}

function boundLabel(group, x, y, anchor, text) {
  const wide = 6.8 * text.length + 6;
  node("rect", { x: anchor === "end" ? x - wide + 3 : x - 3, y: y - 11, width: wide, height: 14, class: "paper" }, group);
  return node("text", { x, y, "text-anchor": anchor }, group, text);
}
