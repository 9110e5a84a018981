"use strict";
// Puts in what the bench pushes, sends what is pressed, and rings. Everything that is shown is made by the bench.

const TONES = { pass: [880], unclear: [660, 660], fail: [440, 440, 440] };
const body = document.body;
const sound = document.getElementById("sound");
const theme = document.getElementById("theme");
const parts = {};
let rang = Number(body.dataset.rang);
let audio = null;

document.querySelector(".switches").hidden = false;

const source = new EventSource(`events?lang=${document.documentElement.lang}`);
source.addEventListener("open", () => { document.getElementById("lost").hidden = true; });
source.addEventListener("error", () => { document.getElementById("lost").hidden = false; });
source.addEventListener("board", (event) => {
  const board = JSON.parse(event.data);
  for (const [id, html] of Object.entries(board.parts)) {
    if (parts[id] !== html) replace(document.getElementById(id), html);
    parts[id] = html;
  }
  const say = document.getElementById("say");
  if (say.textContent !== board.say) say.textContent = board.say;
  if (board.rang > rang) ring(board.sound);
  rang = board.rang;
});

function replace(part, html) {
  const held = part.contains(document.activeElement) ? document.activeElement.id : "";
  part.innerHTML = html;
  if (held) (document.getElementById(held) ?? document.getElementById("verdict")).focus();
}

document.addEventListener("submit", (event) => {
  event.preventDefault();
  fetch(event.target.action, { method: "POST", body: new URLSearchParams(new FormData(event.target)) });
});

// While somebody answers a phone's questions, no other phone takes its place.
document.addEventListener("toggle", (event) => {
  const form = event.target.querySelector("form");
  const told = { phone: form.elements.phone.value, on: event.target.open ? "yes" : "no" };
  fetch("hold", { method: "POST", body: new URLSearchParams(told) });
}, true);

document.addEventListener("click", (event) => {
  if (event.target.id !== "print") return;
  event.preventDefault();
  const paper = window.open(event.target.href);
  paper?.addEventListener("load", () => paper.print());
});

function ring(kind) {
  if (sound.getAttribute("aria-pressed") !== "true") return;
  audio ??= new AudioContext();
  audio.resume();
  TONES[kind].forEach((hertz, number) => {
    const start = audio.currentTime + number * 0.25;
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(0.2, start);
    volume.gain.linearRampToValueAtTime(0, start + 0.18);
    tone.connect(volume).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 0.2);
  });
}

sound.addEventListener("click", () => {
  const on = sound.getAttribute("aria-pressed") !== "true";
  sound.setAttribute("aria-pressed", String(on));
  if (on) ring("pass");
});

const preferred = localStorage.getItem("theme");
if (preferred) document.documentElement.dataset.theme = preferred;
theme.addEventListener("click", () => {
  const isDark = getComputedStyle(document.documentElement).colorScheme === "dark"
    || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = isDark ? "light" : "dark";
  localStorage.setItem("theme", document.documentElement.dataset.theme);
});
