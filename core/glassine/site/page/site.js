// The page for people: one picture to the service and back. Nothing is kept, no other host asked.
"use strict";

const by = (id) => document.getElementById(id);
const words = JSON.parse(by("spoken").textContent);
const said = (name, ...values) =>
  values.reduce((text, value, at) => text.replace(`%${at + 1}`, value), words[name]);
const language = { "Accept-Language": document.documentElement.lang };
const CONTRAST = 8; // the difference is shown this many times as strong
const SENT = ["strength", "style", "effort"];

let picture = null; // the file that was chosen
let job = null; // the job that is followed
let turn = 0; // grows with all that is begun: an answer that belongs to an earlier turn is ignored
let urls = []; // addresses of pictures in memory

function address(blob) {
  const url = URL.createObjectURL(blob);
  urls.push(url);
  return url;
}

function forget() {
  urls.forEach((url) => URL.revokeObjectURL(url));
  urls = [];
}

function show(...ids) {
  for (const id of ["way", "trouble", "made"]) by(id).hidden = !ids.includes(id);
}

function trouble(text) {
  by("trouble").textContent = text;
  show("trouble");
  by("trouble").scrollIntoView({ block: "nearest" });
  by("start").disabled = !picture;
  const lost = document.activeElement === document.body; // what had the focus is hidden now
  if (lost) by(picture ? "start" : "file").focus();
}

function choose(file) {
  if (!file) return;
  if (!by("way").hidden) drop(job);
  forget();
  show();
  turn += 1;
  job = null;
  picture = file.size > Number(by("ask").dataset.most) ? null : file;
  by("chosen").hidden = !picture;
  by("name").textContent = picture ? said("ready", file.name) : "";
  by("start").disabled = !picture;
  if (picture) by("chosen").src = address(file);
  else trouble(said("too_large"));
}

// Deletes a job on the server that nobody waits for any more.
function drop(left) {
  return left ? fetch(left.links.job, { method: "DELETE" }) : Promise.resolve();
}

async function wrong(answer) {
  const told = await answer.json().catch(() => null);
  return new Error(told && told.error ? told.error.says : said("lost"));
}

async function ask(path, how = {}) {
  const answer = await fetch(path, { headers: language, cache: "no-store", ...how }).catch(() => {
    throw new Error(said("lost"));
  });
  if (!answer.ok) throw await wrong(answer);
  return answer;
}

async function send() {
  const form = new FormData();
  for (const name of SENT) if (by(name).value) form.append(name, by(name).value);
  form.append("picture", new Blob([picture]), "picture"); // its name stays here
  const mine = (turn += 1);
  by("start").disabled = true;
  progress(said("sending"));
  show("way");
  by("way").scrollIntoView({ block: "nearest" }); // on a telephone the button may be the last thing
  const made = await (await ask("/v1/protect", { method: "POST", body: form })).json();
  if (turn !== mine) return void drop(made);
  job = made;
  const end = await followed(job);
  if (end) await finished(end);
}

function progress(text, share) {
  by("said").textContent = text;
  if (share === undefined) by("bar").removeAttribute("value");
  else by("bar").value = share;
}

function tell(now) {
  if (now.state === "waiting") progress(said("waiting", now.ahead));
  else if (!now.progress) progress(said("starting"));
  else {
    const { stage, done, total } = now.progress;
    progress(words[stage] || said("starting"), total ? done / total : undefined);
  }
}

// Follows a job until it is done and returns its last event; nothing once another job is followed.
async function followed(mine) {
  const answer = await ask(mine.links.events);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (job !== mine) return void reader.cancel();
    if (done) throw new Error(said("lost"));
    text += value;
    const parts = text.split("\n\n");
    text = parts.pop();
    for (const part of parts) {
      const data = part.split("\n").find((line) => line.startsWith("data: "));
      if (!data) continue;
      const now = JSON.parse(data.slice(6));
      if (now.state === "done") return now;
      if (now.state === "failed") throw new Error(now.problem.says);
      if (now.state === "deleted") throw new Error(said("gone"));
      tell(now);
    }
  }
}

async function finished(end) {
  progress(said("done"), 1);
  const copy = await (await ask(end.links.result)).blob();
  const page = await (await ask(end.links.report)).blob();
  for (const name of ["people", "models", "away", "next"]) by(name).textContent = end.glance[name];
  by("weak").textContent = end.why_not ? end.why_not.says : "";
  by("weak").hidden = !end.why_not;
  by("words").textContent = end.words;
  by("words-box").hidden = !end.words;
  by("doubts").replaceChildren(...end.doubts.map(item));
  by("doubts-box").hidden = !end.doubts.length;
  by("after").src = address(copy);
  by("before").src = by("chosen").src;
  by("compare").parentElement.classList.toggle("alone", !by("chosen").naturalWidth);
  by("download").href = by("after").src;
  by("download").download = `${picture.name.replace(/\.[^.]*$/, "")}.glassine.${end.format}`;
  by("report").href = address(page);
  by("diff").checked = false;
  by("change").hidden = true;
  wipe(50);
  show("made");
  by("start").disabled = false;
  by("made-title").focus();
}

function item(text) {
  const line = document.createElement("li");
  line.textContent = text;
  return line;
}

function wipe(at) {
  by("wipe").value = at;
  by("wipe").setAttribute("aria-valuetext", said("slider_value", at));
  by("compare").style.setProperty("--at", `${at}%`);
  by("before").style.clipPath = `inset(0 ${100 - at}% 0 0)`;
}

async function difference() {
  by("change").hidden = !by("diff").checked;
  if (by("change").hidden) return;
  const [one, other] = await Promise.all(["before", "after"].map(pixels));
  const shown = new ImageData(one.width, one.height);
  for (let at = 0; at < shown.data.length; at += 4) {
    for (let band = 0; band < 3; band += 1)
      shown.data[at + band] = 128 + CONTRAST * (other.data[at + band] - one.data[at + band]);
    shown.data[at + 3] = 255;
  }
  Object.assign(by("change"), { width: one.width, height: one.height });
  by("change").getContext("2d").putImageData(shown, 0, 0);
}

async function pixels(id) {
  await by(id).decode();
  const [width, height] = [by("after").naturalWidth, by("after").naturalHeight];
  const canvas = new OffscreenCanvas(width, height);
  const paint = canvas.getContext("2d", { willReadFrequently: true });
  paint.drawImage(by(id), 0, 0, width, height);
  return paint.getImageData(0, 0, width, height);
}

async function remove() {
  const mine = job;
  turn += 1;
  job = null;
  const answer = await drop(mine).catch(() => ({ ok: false }));
  by("said").textContent = "";
  if (mine && !answer.ok && answer.status !== 404) job = mine; // it is still there
  trouble(said(job ? "lost" : "removed"));
}

function afresh() {
  forget();
  turn += 1;
  picture = job = null;
  show();
  by("ask").reset();
  by("chosen").hidden = true;
  by("name").textContent = "";
  by("start").disabled = true;
  by("file").focus();
}

by("file").addEventListener("change", () => choose(by("file").files[0]));
by("chosen").addEventListener("error", () => (by("chosen").hidden = true)); // TIFF, mostly
by("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const mine = turn + 1;
  send().catch((error) => turn === mine && trouble(error.message));
});
for (const kind of ["dragenter", "dragover", "dragleave", "drop"])
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    by("drop").classList.toggle("over", kind === "dragenter" || kind === "dragover");
    if (kind === "drop") choose(event.dataTransfer.files[0]);
  });
by("wipe").addEventListener("input", () => wipe(by("wipe").value));
by("diff").addEventListener("change", difference);
by("cancel").addEventListener("click", remove);
by("remove").addEventListener("click", remove);
by("again").addEventListener("click", afresh);
