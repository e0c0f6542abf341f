/** What the snippet remembers of a reader: in localStorage, or for this page only where the browser keeps nothing. */
import { site } from './settings.js';

const key = 'readmeter:' + site;

/** The seed: 22 base64url characters with 74 random bits. @type {Memory} */
const known = { seed: crypto.randomUUID().slice(-22) };

/** What is remembered, read anew (another tab may write), with these changes. @param {Partial<Memory>} [changes] */
export const memory = (changes) => {
  try {
    Object.assign(known, JSON.parse(localStorage[key]));
  } catch {
    // Blocked, empty or damaged: what this page knows has to do.
  }
  Object.assign(known, changes, { storage: undefined });
  try {
    localStorage[key] = JSON.stringify(known);
  } catch {
    known.storage = 'none';
  }
  return known;
};
