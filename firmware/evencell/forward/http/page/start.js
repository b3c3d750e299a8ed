"use strict";
// Before anything is painted: the theme, and the words, which load beside the rest.
const root = document.documentElement;
const kept = (key) => {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage is blocked
  }
};
root.lang = kept("language") || (navigator.language.startsWith("de") ? "de" : "en");
const dark = kept("theme") === "dark" || (kept("theme") !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
root.dataset.theme = dark ? "dark" : "light";
window.loadingWords = fetch(`/page/${root.lang}.json${root.dataset.version || ""}`).then((answer) => answer.json());
