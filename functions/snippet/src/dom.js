/** Elements without markup strings: nothing needs eval, innerHTML or a style attribute, however strict a page's policy. */

/** @param {string} tag @param {Record<string, any>} [properties] @returns {any} an element of that tag */
export const element = (tag, properties) => Object.assign(document.createElement(tag), properties);

/** @param {string} selector @returns {any[]} */
export const all = (selector) => [...document.querySelectorAll(selector)];

export const root = document.documentElement;
