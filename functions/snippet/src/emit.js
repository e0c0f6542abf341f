/** Tells the page's own code what happens; more.js listens, too. @param {string} name @param {any} [detail] */
export const emit = (name, detail) =>
  document.dispatchEvent(new CustomEvent('readmeter:' + name, { bubbles: true, detail }));
