/** What the snippet remembers of a reader: in localStorage, or for this page only where the browser keeps nothing. */
import { site } from './settings.js';

const key = 'readmeter:' + site;

/** @type {Partial<Memory>} */
let known = {};

/** What is remembered, read anew (another tab may write or forget), with these changes. @param {Partial<Memory>} [changes] */
export const memory = (changes) => {
  try {
    // Nothing there: forgotten or cleared elsewhere. Where nothing could be kept, 'none' is no JSON.
    known = JSON.parse(localStorage[key] || known.storage || '{}');
  } catch {
    // Blocked or damaged: what this page knows has to do.
  }
  // The seed: 22 base64url characters with 74 random bits.
  known = { seed: crypto.randomUUID().slice(-22), ...known, ...changes, storage: undefined };
  try {
    localStorage[key] = JSON.stringify(known);
  } catch {
    known.storage = 'none';
  }
  return known;
};

/** Nothing is kept of a reader who does not agree. */
export const forget = () => {
  known = {};
  try {
    delete localStorage[key];
  } catch {
    // Where nothing can be kept there is nothing to drop.
  }
};
