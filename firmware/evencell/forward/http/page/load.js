// Files that are loaded when they are first needed.

export const VERSION = document.documentElement.dataset.version || "";

export const load = (name) => import(`./${name}.js${VERSION}`);
