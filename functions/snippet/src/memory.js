/** What the snippet remembers of a reader: in localStorage, or for this page only where the browser keeps nothing. */
import { site } from './settings.js';

const key = 'readmeter:' + site;

/** @type {Partial<Memory>} */
let known;

/** What is remembered, read anew (another tab may write), with these changes. @param {Partial<Memory>} [changes] */
export const memory = (changes) => {
  try {
    known = { ...known, ...JSON.parse(localStorage[key]) };
  } catch {
    // Blocked, empty or damaged: what this page knows has to do.
  }
  // The seed: 22 base64url characters with 74 random bits.
  known = { seed: crypto.randomUUID().slice(-22), ...known, ...changes };
  try {
    localStorage[key] = JSON.stringify(known);
  } catch {
    return { ...known, storage: 'none' };
  }
  return known;
};
