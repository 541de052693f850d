// The page of a server: search, classes, masking. It asks the server it came from and nobody else.

const $ = id => document.getElementById(id);
const WAIT = 250; // milliseconds without a key before words are searched
const TOP = 24;

let key = sessionStorage.getItem("flip-key") ?? "";

// ---- asking

/** Asks the server. Throws an Error with what the server's problem details say. */
async function ask(path, body, signal) {
  const headers = { ...(body === undefined ? {} : { "content-type": "application/json" }), ...(key ? { authorization: `Bearer ${key}` } : {}) };
  const answer = await fetch(path, { method: body === undefined ? "GET" : "POST", headers, body: body === undefined ? undefined : JSON.stringify(body), signal });
  if (answer.status === 401) {
    $("key-form").hidden = false;
    throw new Error("The server asks for its key.");
  }
  if (!answer.ok) {
    throw new Error(await problemOf(answer));
  }
  return answer;
}

async function problemOf(answer) {
  try {
    const problem = await answer.json();
    const fields = (problem.errors ?? []).map(error => error.detail).filter(Boolean);
    return [problem.title, problem.detail, ...fields].filter(Boolean).join(" ");
  } catch {
    return `The server answered ${answer.status}.`;
  }
}

/** A line of status: what is going on, or what went wrong. */
function tell(id, text, wrong = false) {
  $(id).textContent = text;
  $(id).classList.toggle("wrong", wrong);
}

/** Runs one piece of work at a time for a panel: a newer one ends the older. */
function latest(status) {
  let current = null;
  return async work => {
    current?.abort();
    const mine = current = new AbortController();
    try {
      await work(mine.signal);
    } catch (error) {
      if (error.name !== "AbortError") {
        tell(status, error instanceof TypeError ? "The server does not answer." : error.message, true);
      }
    }
  };
}

// ---- pictures

/** A picture as a data URI, made smaller where it is large: the model sees a few hundred pixels. */
async function dataUriOf(file) {
  const most = 1024;
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Error("This is no picture that the browser can read.");
  }
  const scale = Math.min(1, most / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff"; // behind what is transparent
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", 0.95);
}

/** Hears of a picture that is chosen in a field, or dropped or pasted on its panel. */
function onPicture(input, panel, status, hear) {
  const take = async file => {
    try {
      hear(await dataUriOf(file));
    } catch (error) {
      tell(status, error.message, true);
    }
  };
  input.addEventListener("change", () => input.files[0] && take(input.files[0]));
  panel.addEventListener("dragover", event => { event.preventDefault(); panel.classList.add("dropping"); });
  panel.addEventListener("dragleave", () => panel.classList.remove("dropping"));
  panel.addEventListener("drop", event => {
    event.preventDefault();
    panel.classList.remove("dropping");
    const file = event.dataTransfer.files[0];
    if (file) { take(file); }
  });
  document.addEventListener("paste", event => {
    const file = [...(event.clipboardData?.files ?? [])][0];
    if (file && !panel.hidden) { take(file); }
  });
}

// ---- tabs

const tabs = [...document.querySelectorAll("[role=tab]")];

function select(tab, focus = false) {
  for (const other of tabs) {
    const isIt = other === tab;
    other.setAttribute("aria-selected", isIt);
    other.tabIndex = isIt ? 0 : -1;
    $(other.getAttribute("aria-controls")).hidden = !isIt;
  }
  if (focus) { tab.focus(); }
}

$("tabs").addEventListener("click", event => { const tab = event.target.closest("[role=tab]"); if (tab) { select(tab); } });
$("tabs").addEventListener("keydown", event => {
  const shown = tabs.filter(tab => !tab.hidden);
  const place = shown.indexOf(event.target);
  const to = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: shown.length - 1 }[event.key];
  if (place >= 0 && to !== undefined) {
    event.preventDefault();
    select(shown[(to + shown.length) % shown.length], true);
  }
});

// ---- search

const searching = latest("search-status");

function search(question, told) {
  return searching(async signal => {
    tell("search-status", "Searching …");
    const began = performance.now();
    const found = await (await ask("/search", { ...question, top: TOP }, signal)).json();
    show(found.results);
    const count = found.results.length;
    tell("search-status", `${count} ${count === 1 ? "picture" : "pictures"} ${told}, in ${Math.round(performance.now() - began)} ms.`);
  });
}

function show(results) {
  $("results").replaceChildren(...results.map(result => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.title = `Pictures like ${result.key}`;
    button.append(result.thumbnail ? pictureOf(result) : blank());
    const told = document.createElement("span");
    told.className = "told";
    told.append(span("name", result.key), span("score", result.cosine.toFixed(3)));
    button.append(told);
    button.addEventListener("click", () => { $("words").value = ""; search({ like: result.key }, `like ${result.key}`); });
    item.append(button);
    return item;
  }));
}

function pictureOf(result) {
  const picture = new Image();
  picture.alt = "";
  picture.loading = "lazy";
  if (key) {
    ask(result.thumbnail).then(answer => answer.blob()).then(blob => { picture.src = URL.createObjectURL(blob); picture.onload = () => URL.revokeObjectURL(picture.src); }).catch(() => {});
  } else {
    picture.src = result.thumbnail;
  }
  return picture;
}

function blank() { const none = document.createElement("span"); none.className = "no-picture"; return none; }
function span(name, text) { const made = document.createElement("span"); made.className = name; made.textContent = text; return made; }

let waiting = 0;
$("words").addEventListener("input", () => {
  clearTimeout(waiting);
  const words = $("words").value.trim();
  if (words) { waiting = setTimeout(() => search({ text: words }, `for “${words}”`), WAIT); }
});
onPicture($("search-file"), $("panel-search"), "search-status", image => { $("words").value = ""; search({ image }, "like your picture"); });

// ---- classes

const classifying = latest("classify-status");
let toClassify = null;
let ownClasses = false;

function classify() {
  const classes = $("classes").value.split("\n").map(line => line.trim()).filter(Boolean);
  if (!toClassify) { return tell("classify-status", "Choose a picture, or drop one here."); }
  if (!ownClasses && classes.length === 0) { return tell("classify-status", "Write a class, one a line."); }
  return classifying(async signal => {
    tell("classify-status", "Looking …");
    const question = { image: toClassify, top: 10, ...(ownClasses ? {} : { classes: [...new Set(classes)] }) };
    const found = await (await ask("/classify", question, signal)).json();
    $("classes-found").hidden = false;
    $("classes-found").tBodies[0].replaceChildren(...found.results[0].map(row));
    tell("classify-status", `Most likely: ${found.results[0][0].class}.`);
  });
}

function row(found) {
  const line = document.createElement("tr");
  const name = document.createElement("th");
  name.scope = "row";
  name.textContent = found.class;
  const value = document.createElement("td");
  const bar = document.createElement("span");
  bar.className = "bar";
  bar.style.width = `${(found.probability * 60).toFixed(1)}%`;
  value.append(bar, `${(found.probability * 100).toFixed(1)} %`);
  line.append(name, value);
  return line;
}

let classesWaiting = 0;
$("classes").addEventListener("input", () => { clearTimeout(classesWaiting); classesWaiting = setTimeout(classify, 2 * WAIT); });
onPicture($("classify-file"), $("panel-classify"), "classify-status", image => {
  toClassify = image;
  $("classify-own").hidden = false;
  $("classify-own").firstElementChild.src = image;
  classify();
});

// ---- masking

const masking = latest("mask-status");
let toMask = null;
let seed = 0;

function mask() {
  return masking(async signal => {
    tell("mask-status", "Looking …");
    const found = await (await ask("/mask", { image: toMask, ratios: [0, 0.5, 0.75], seed }, signal)).json();
    $("masks").replaceChildren(...found.results.map(view));
    $("mask-again").disabled = false;
    tell("mask-status", `${found.patches} patches, as the model sees the picture.`);
  });
}

function view(result) {
  const percent = Math.round(result.ratio * 100);
  const figure = document.createElement("figure");
  const picture = new Image();
  picture.src = result.image;
  picture.alt = result.ratio === 0 ? "Your picture as the model sees it" : `Your picture with ${percent} % of its patches removed`;
  const told = document.createElement("figcaption");
  told.textContent = result.ratio === 0 ? "whole" : `${percent} % removed: cosine ${result.cosine.toFixed(3)} to the whole`;
  figure.append(picture, told);
  return figure;
}

$("mask-again").addEventListener("click", () => { seed++; mask(); });
onPicture($("mask-file"), $("panel-mask"), "mask-status", image => { toMask = image; mask(); });

// ---- start

async function start() {
  const served = (await (await ask("/models")).json()).models[0];
  $("key-form").hidden = true;
  $("model").textContent = `${served.name}, pictures of ${served.image_size} pixels`;
  const can = new Set(served.abilities);
  ownClasses = Boolean(served.classes);
  $("tab-search").hidden = !can.has("search");
  $("tab-classify").hidden = !can.has("embeddings") && !ownClasses;
  $("tab-mask").hidden = !can.has("embeddings");
  for (const id of ["classes", "classes-label"]) { $(id).hidden = ownClasses; }
  const shown = tabs.filter(tab => !tab.hidden);
  const chosen = shown.find(tab => tab.getAttribute("aria-selected") === "true") ?? shown[0]; // it may have been clicked before the server answered
  if (chosen) { select(chosen); } else { $("main").hidden = true; }
}

$("key-form").addEventListener("submit", event => {
  event.preventDefault();
  key = $("key").value;
  sessionStorage.setItem("flip-key", key);
  start().catch(error => { $("model").textContent = error.message; });
});

start().catch(error => { $("model").textContent = error instanceof TypeError ? "The server does not answer." : error.message; });
