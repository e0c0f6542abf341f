/** Tells the page's own code, and with the next view the service. */
import { memory } from './memory.js';

/** Names the article of this page view. */
let article = '';

/** @param {string} key */
export const about = (key) => {
  article = key;
};

/**
 * @param {string} name of the event on the page @param {any} [detail]
 * @param {string} [of] what it happened to, where the service is told: `of_name` is one of its kinds
 */
export const emit = (name, detail, of) => {
  if (of) memory({ events: [...(memory().events || []), { kind: of + '_' + name, article, at: Date.now() }].slice(-20) });
  document.dispatchEvent(new CustomEvent('readmeter:' + name, { bubbles: true, detail }));
};
