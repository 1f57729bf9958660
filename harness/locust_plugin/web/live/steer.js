// Sends what a person changes, and shows the values of the run that is on.

const asked = { dirty: new Map(), faults: null, names: "" }; // dirty: fields that were typed into, with their values before

function steerable(run) {
  const off = !run?.steerable, form = $("steer-form");
  $("apply").disabled = off;
  setText($("steer-note"), !run ? "No run is on." : off ? "The load is not on, or it is ending." :
    "Every process takes a change up within a second. A run that you change explores: its verdict is inconclusive.");
  if (!run) return;
  const { values, faults, fault_names: names, pages } = run.settings;
  for (const input of form.querySelectorAll(".fields input")) {
    if (input === document.activeElement || asked.dirty.has(input.name)) continue; // somebody may be about to type
    if (input.value !== values[input.name]) input.value = values[input.name] ?? "";
  }
  for (const [name, on] of [["arrival_rate", run.is_open], ["users", !run.is_open], ["sms_share", run.embedded], ["faults", run.embedded]]) {
    form.querySelector(`.of-${name}`).hidden = !on;
  }
  if (asked.names !== run.id) {
    asked.names = run.id;
    asked.faults = null;
    $("fault-name").replaceChildren(...names.map((name) => new Option(name)));
    $("fault-page").replaceChildren(new Option("all pages", ""), ...pages.map((name) => new Option(name)));
  }
  const shown = asked.faults ?? faults, said = JSON.stringify(shown);
  if ($("faults").dataset.said === said) return;
  $("faults").dataset.said = said;
  $("faults").replaceChildren(...shown.map((fault, place) => {
    const item = document.createElement("li");
    item.append(`${fault.name}, ${formatNumber(fault.share ?? 1, "share")}, ${fault.pages?.length ? fault.pages.join(", ") : "all pages"} `);
    const end = node("button", { type: "button" }, item, "Remove");
    end.setAttribute("aria-label", `Remove ${fault.name}`);
    end.addEventListener("click", () => askForFaults(shown.toSpliced(place, 1)));
    return item;
  }));
}

function addFault() {
  const text = $("fault-share").value.trim(), percent = text.endsWith("%"), number = Number(percent ? text.slice(0, -1) : text);
  const share = text === "" || Number.isNaN(number) ? text : percent ? number / 100 : number, page = $("fault-page").value;
  askForFaults([...(asked.faults ?? live.run.settings.faults), { name: $("fault-name").value, share, ...(page && { pages: [page] }) }]);
}

function askForFaults(faults) {
  asked.faults = JSON.stringify(faults) === JSON.stringify(live.run.settings.faults) ? null : faults;
  steerable(live.run);
}

// A field with its old value is as if it was not typed into: "50%" is "50 %".
function typed({ target: { name, value } }) {
  if (!name) return;
  if (!asked.dirty.has(name)) asked.dirty.set(name, live.run?.settings.values[name] ?? "");
  if (value.replace(/\s/g, "") === asked.dirty.get(name).replace(/\s/g, "")) asked.dirty.delete(name);
}

async function apply(event) {
  event.preventDefault();
  const form = $("steer-form"), command = { run: live.run?.id };
  for (const input of form.querySelectorAll(".fields input")) {
    input.removeAttribute("aria-invalid");
    if (asked.dirty.has(input.name)) command[input.name] = input.value.trim();
  }
  if (asked.faults) command.faults = asked.faults;
  if (Object.keys(command).length === 1) {
    said(["Nothing to change: type another value first."], "problem");
    return;
  }
  $("apply").disabled = true;
  let status = 0, answer = { problems: ["Locust does not answer. Nothing was changed, as far as is known."] };
  try {
    const reply = await fetch("steer", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(command) });
    status = reply.status;
    answer = reply.headers.get("Content-Type").startsWith("application/json") ? await reply.json() : { problems: [await reply.text()] };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  if (status === 200) {
    asked.dirty.clear();
    asked.faults = null;
    changed(answer);
    said(answer.changes.map((one) => `${one.quantity.replaceAll("_", " ")}: ${one.before} → ${one.after}, at ${formatNumber(one.at, "elapsed")}`), "done");
  } else {
    said(answer.problems ?? [`Refused (HTTP ${status}).`], "problem");
    const wrong = [...form.querySelectorAll(".fields input")].filter((input) => answer.problems?.some((one) => one.startsWith(input.name)));
    for (const input of wrong) input.setAttribute("aria-invalid", "true");
    wrong[0]?.focus();
  }
  $("apply").disabled = !live.run?.steerable;
}

function said(lines, kind) {
  $("steer-said").replaceChildren(...lines.map((text) => { const one = document.createElement("p"); one.className = kind; one.textContent = text; return one; }));
}

$("steer-form").addEventListener("submit", apply);
$("steer-form").addEventListener("input", typed);
$("steer-form").addEventListener("focusout", () => setTimeout(() => steerable(live.run)));
$("fault-add").addEventListener("click", addFault);
