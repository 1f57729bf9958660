// Asks for what is new once a second, and shows it; page.js draws the charts.

const $ = (id) => document.getElementById(id);
const WINDOW = 2; // seconds over which rates are counted: workers report once a second
const MOST_POINTS = 1200; // in a run of hours, more would slow the charts down
const live = { run: null, samples: [], samplesVersion: 0, rows: new Map(), points: [], subject: "pages", length: "", number: 0, tables: "", mode: "p95" };

let turn = 0, next = 0;

// Asks at once, and then again a second after each answer. An answer that a later question has overtaken is not shown.
async function poll() {
  clearTimeout(next);
  turn += 1;
  const mine = turn;
  const query = new URLSearchParams({
    subject: live.subject, length: live.length, number: live.number, samples: live.samples.length,
    samples_version: live.samplesVersion, tables: live.tables, run: live.run?.id ?? "",
  });
  try {
    const reply = await fetch(`live/feed?${query}`, { cache: "no-store" });
    if (!reply.ok) throw new Error(String(reply.status));
    const news = await reply.json();
    if (mine === turn) show(news);
  } catch (error) {
    if (mine !== turn) return;
    showBanner({ kind: "running", title: "No answer", text: "Locust does not answer. It may have ended." });
    if (!(error instanceof TypeError)) console.warn(error);
  }
  if (mine === turn) next = setTimeout(poll, 1000);
}

function show(news) {
  showBanner(news.banner);
  if (!news.run) {
    $("facts").textContent = "No run is on. Start one on Locust's page.";
    steerable(null);
    return;
  }
  if (live.run?.id !== news.run.id) Object.assign(live, { samples: [], rows: new Map(), points: [], number: 0, length: "", tables: "" });
  live.run = news.run;
  const { run } = news;
  live.samplesVersion = news.samples.version;
  live.samples = [...live.samples.slice(0, news.samples.from), ...news.samples.rows];
  if (news.subject && news.subject.name === live.subject) takeRows(news.subject);
  const target = run.target ? ` against ${run.target}` : "";
  $("facts").textContent = `Scenario ${run.scenario}${target}. ${formatNumber(run.elapsed, "elapsed")} of ${formatNumber(run.length, "elapsed")}, ${run.under_way.toLocaleString("en")} journeys in progress.`;
  $("so-far").textContent = news.so_far;
  states($("objectives"), worstFirst(news.objectives).map((one) => [one.state, { unknown: "not yet known" }[one.state] ?? one.state, one.text, one.missing ? `${one.sentence}; ${one.missing}` : one.sentence]));
  states($("validity"), news.validity.map((one) => [one.level, one.level, one.name, one.message]));
  showEvents(news.events);
  subjects(news.subjects);
  charts(news);
  if (news.tables) tables(news.tables);
  steerable(run);
}

function showBanner({ kind, title, text, remedy }) {
  $("banner").className = `banner ${kind}`;
  setText($("title"), title || "Live");
  setText($("text"), text || (kind === "none" ? "No run is on." : ""));
  setText($("remedy"), remedy || "");
}

function setText(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

function worstFirst(objectives) {
  const order = ["broken", "unknown", "kept"];
  return objectives.toSorted((one, other) => order.indexOf(one.state) - order.indexOf(other.state));
}

function states(list, rows) {
  const said = JSON.stringify(rows);
  if (list.dataset.said === said) return;
  list.dataset.said = said;
  const at = list.scrollTop;
  list.replaceChildren(...rows.map(([kind, word, name, sentence]) => {
    const item = document.createElement("li");
    node("span", { class: `light ${kind}` }, item, word);
    node("span", { class: "name" }, item, name);
    node("span", { class: "said" }, item, sentence);
    return item;
  }));
  list.scrollTop = at;
}

function showEvents(events) {
  const said = JSON.stringify(events);
  if ($("events").dataset.said === said) return;
  $("events").dataset.said = said;
  $("events").replaceChildren(...events.map((one) => {
    const item = document.createElement("li");
    node("span", { class: "when" }, item, formatNumber(one.at, "elapsed"));
    node("span", { class: one.kind }, item, one.text ?? one.label);
    return item;
  }));
}

// -- charts ---------------------------------------------------------------------------------------------------------

function takeRows(news) {
  if (news.whole) { live.rows = new Map(); live.points = []; }
  for (const row of news.rows) live.rows.set(row[0], row);
  const last = live.points.at(-1)?.[0] ?? -1;
  live.points.push(...news.points.filter(([at]) => at > last));
  // The process thins its points out; number 0 asks for all of them again.
  const number = live.points.length > MOST_POINTS ? 0 : news.number;
  Object.assign(live, { length: String(news.length), number, ours: new Set(news.ours) });
}

function charts({ run, events }) {
  const end = Math.max(run.length, run.elapsed), bounds = events.filter((one) => one.kind !== "stage")
    .map((one) => ({ x: one.at, label: one.label, state: one.kind === "lost" ? "bad" : "plain", row: one.row ?? 0 }));
  const phases = [[0, run.warm_up, "warm-up"], [run.warm_up, run.length, "steady"], [run.length, end, "drain"]]
    .filter(([from, to]) => to > from).map(([from, to, name]) => ({ from, to, name }));
  for (const chart of Object.values(data.charts)) {
    chart.x = { ...chart.x, low: 0, high: end };
    Object.assign(chart, { bounds, phases });
  }
  const rows = [...live.rows.values()].sort((one, other) => one[0] - other[0]), length = Number(live.length);
  data.charts.throughput.series = throughput(run, rows, length);
  data.charts.latency.series = latency(rows, length);
  data.charts.failures.series = failures(rows, length);
  const x = live.samples.map(([at]) => at);
  data.charts["under-way"].series = [
    line("in progress", x, live.samples.map((one) => one[4]), "1"),
    line("waiting for a user", x, live.samples.map((one) => one[5]), "ours", "dash"),
  ];
  const cursors = figures.map((one) => one.cursor);
  redraw();
  figures.forEach((one, place) => { if (cursors[place] !== null && one.box.matches(":hover, :focus")) moveCursor(one, cursors[place]); });
}

// The answer to a command has its marks, the new plan and the new settings: a person sees the change before the next question.
function changed({ events, run }) {
  Object.assign(live.run, run);
  showEvents(events);
  charts({ run: live.run, events });
  poll();
}

function line(label, x, y, colour, style = "line") {
  return { label, tags: [label], x, y, colour, style };
}

function throughput(run, rows, length) {
  const found = [];
  if (run.planned.length) found.push(line("planned", run.planned.map(([at]) => at), run.planned.map(([, rate]) => rate), "dim", "dash"));
  const rate = (place) => live.samples.map((one, at) => {
    let from = at;
    while (from > 0 && one[0] - live.samples[from][0] < WINDOW - 0.3) from -= 1;
    const before = live.samples[from], past = one[0] - before[0];
    return past >= WINDOW / 2 ? (one[place] - before[place]) / past : null;
  });
  const x = live.samples.map(([at]) => at);
  found.push(line("offered", x, rate(1), "1"), line("served", x, rate(2), "good"));
  if (live.samples.some((one) => one[3])) found.push(line("dropped", x, rate(3), "bad"));
  const middles = rows.map(([place]) => (place + 0.5) * length);
  const ofJourneys = live.subject === "journeys" || live.subject.startsWith("option ");
  if (ofJourneys) found.push(line("orders", middles, rows.map((row) => row[2] / length), "4"));
  else if (live.subject !== "pages") found.push(line("this page", middles, rows.map((row) => row[1] / length), "4"));
  return found;
}

function latency(rows, length) {
  const middles = rows.map(([place]) => (place + 0.5) * length), whole = live.subject.startsWith("cell ") ? "page " : "response ";
  const found = ["p50", "p95", "p99"].map((name, at) => line(whole + name, middles, rows.map((row) => row[3 + at]), String(at + 1)));
  const x = live.points.map(([at]) => at);
  if (live.subject.startsWith("cell ")) found.push(line("this cell p95", x, live.points.map((one) => one[3]), "7"));
  found.push(line("service p95", x, live.points.map((one) => one[1]), "4", "dash"));
  return found;
}

function failures(rows, length) {
  const colours = ["bad", "3", "7", "5", "9", "6"], totals = new Map();
  for (const row of rows) for (const [kind, count] of Object.entries(row[6])) totals.set(kind, (totals.get(kind) ?? 0) + count);
  const kinds = [...totals.keys()].sort((one, other) => totals.get(other) - totals.get(one) || one.localeCompare(other));
  return kinds.map((kind, place) => ({
    ...line(kind, rows.map(([at]) => at * length), rows.map((row) => (row[1] ? (row[6][kind] ?? 0) / row[1] : null)), live.ours.has(kind) ? "ours" : colours[place % colours.length], "bars"),
    stack: true, width: length, numbers: rows.map((row) => row[6][kind] ?? 0),
  }));
}

function subjects(named) {
  const choice = $("live-subject"), all = { ...named };
  if (!(live.subject in all)) all[live.subject] = live.subject.replace("cell ", "").replace(" ", ", ");
  const said = JSON.stringify(all);
  if (choice.dataset.said !== said) {
    choice.dataset.said = said;
    choice.replaceChildren(...Object.entries(all).map(([value, label]) => new Option(label, value)));
  }
  choice.value = live.subject;
}

function pick(subject) {
  Object.assign(live, { subject, rows: new Map(), points: [], number: 0, length: "" });
  $("cell-note").textContent = subject.startsWith("cell ")
    ? "The page with all payment options since the start; this payment option alone (p95), and its service times, since you chose it." : "";
  pickCell();
  poll();
}

function nameOfCell(button) {
  const cell = button?.closest("td"), option = cell?.closest("table").tHead.rows[0].cells[cell.cellIndex].textContent;
  return cell ? `cell ${cell.parentElement.cells[0].textContent} ${option === "none" ? "" : option}` : "";
}

function tables({ version, heat, funnels }) {
  live.tables = version;
  for (const [place, text] of [[$("heat-part"), heat], [$("funnel-part"), funnels]]) {
    const scrolled = place.querySelector(".wide")?.scrollLeft ?? 0, focused = place.contains(document.activeElement) && document.activeElement.matches("#heat td > *") ? document.activeElement : null, cell = nameOfCell(focused);
    place.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
    const wide = place.querySelector(".wide");
    if (wide) wide.scrollLeft = scrolled;
    if (focused) [...place.querySelectorAll(`td > ${focused.localName}`)].find((one) => nameOfCell(one) === cell)?.focus();
  }
  const mode = document.querySelector(`button[data-cells="${live.mode}"]`);
  if (mode) showCells(mode);
  pickCell();
}

function pickCell() {
  for (const cell of document.querySelectorAll("#heat td")) cell.classList.toggle("chosen", nameOfCell(cell.firstElementChild) === live.subject);
}

$("live-subject").addEventListener("change", (event) => pick(event.target.value));
$("heat-part").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.cells) { live.mode = button.dataset.cells; showCells(button); return; }
  pick(nameOfCell(button));
  subjects(Object.fromEntries([...$("live-subject").options].map((one) => [one.value, one.label])));
  $("evidence").scrollIntoView();
});
poll();
