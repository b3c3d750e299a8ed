// Files that are loaded when they are first needed.

export const load = (name) => import(`./${name}.js${document.documentElement.dataset.version || ""}`);
