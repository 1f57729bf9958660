// The page "Runs": lists the runs of the results folder, compares two of them, and stores one as a baseline.

const place = (id) => document.getElementById(id);
const TABLES = [0, 3, 5]; // exit codes of a comparison that has tables: their lines must not wrap
let listed = "";
const touched = new Set(); // choices that a person has made

async function list() {
  try {
    const reply = await fetch("runs/list", { cache: "no-store" });
    if (reply.ok) show(await reply.json());
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    place("count").textContent = "Locust does not answer. It may have ended.";
  }
  setTimeout(list, 3000);
}

function show(found) {
  const said = JSON.stringify(found);
  if (said === listed) return;
  listed = said;
  const { runs, baselines, load } = found;
  place("count").textContent = `${runs.length} runs in the results folder${load ? "; a load is on" : ""}.`;
  place("runs").replaceChildren(...runs.map(row));
  const alike = runs.filter((one) => !one.changed).map((one) => [one.name, called(one)]); // a changed run has several loads
  choices(place("baseline"), [...alike, ...baselines.map((name) => [`baseline:${name}`, `baseline ${name.replace(".json.gz", "")}`])], 1);
  choices(place("candidate"), alike, 0);
  place("compare").disabled = load || !alike.length || alike.length + baselines.length < 2;
}

function called(one) {
  return `${one.started_at.slice(0, 19).replace("T", " ")} ${one.scenario}, ${one.verdict}`;
}

function choices(select, named, first) {
  const before = touched.has(select.id) ? select.value : "";
  select.replaceChildren(...named.map(([value, label]) => new Option(label, value)));
  select.value = named.some(([value]) => value === before) ? before : named[Math.min(first, named.length - 1)]?.[0] ?? "";
}

function row(one) {
  const line = document.createElement("tr"), query = `run=${encodeURIComponent(one.name)}`;
  node("td", { class: "text when" }, line, one.started_at.slice(0, 19).replace("T", " "));
  node("td", { class: "text" }, line, one.scenario);
  node("span", { class: `chip ${one.verdict}` }, node("td", { class: "text" }, line), one.changed && one.verdict === "inconclusive" ? "explored" : one.verdict);
  const actions = node("td", { class: "text actions" }, line);
  if (one.report) node("a", { href: `runs/report?${query}`, target: "_blank" }, actions, "Report");
  node("a", { href: `runs/download?${query}` }, actions, "Download");
  if (!one.changed && one.verdict !== "invalid") {
    const save = node("button", { type: "button", "aria-label": `Save as baseline: ${called(one)}` }, actions, "Save as baseline");
    save.addEventListener("click", () => send("runs/baseline", { run: one.name }, save));
  }
  node("td", {}, line, one.journeys.toLocaleString("en"));
  node("td", {}, line, one.failed.toLocaleString("en"));
  node("td", { class: "when" }, line, one.p95 === "inf" ? "never" : formatNumber(one.p95, "s"));
  node("td", { class: "text why" }, line, one.reason);
  return line;
}

async function send(path, command, button) {
  button.disabled = true;
  answer("Working …");
  try {
    const reply = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(command) });
    const said = reply.headers.get("Content-Type").startsWith("application/json") ? await reply.json() : { text: await reply.text() };
    answer(said.text, said.code);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    answer("Locust does not answer. It may have ended.");
  }
  button.disabled = false;
  listed = "";
}

function answer(text, code = null) {
  place("answer").hidden = false;
  place("said").className = TABLES.includes(code) ? "tables" : "";
  place("said").textContent = text;
}

place("compare-form").addEventListener("submit", (event) => {
  event.preventDefault();
  send("runs/compare", { baseline: place("baseline").value, candidate: place("candidate").value }, place("compare"));
});
place("compare-form").addEventListener("change", (event) => touched.add(event.target.id));
list();
