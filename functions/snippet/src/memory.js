/** What the snippet remembers of a reader: in localStorage, or for this page only where the browser keeps nothing. */
import { site } from './settings.js';

const key = 'readmeter:' + site;

/** @type {Memory} */
let known = {};

/** `none` where nothing can be kept. @type {string | undefined} */
export let storage;

/** What is remembered, read anew (another tab may have written), with these changes. @param {Memory} [changes] */
export const memory = (changes) => {
  try {
    known = JSON.parse(localStorage[key]);
  } catch {
    // Blocked, empty or damaged: what this page knows has to do.
  }
  known = { ...known, ...changes };
  try {
    localStorage[key] = JSON.stringify(known);
    storage = undefined;
  } catch {
    storage = 'none';
  }
  return known;
};

/** 22 base64url characters: 110 random bits. */
export const random = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(22)), (byte) => (byte & 31).toString(32)).join('');
