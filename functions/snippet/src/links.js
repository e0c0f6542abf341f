/** Links to what a reader can do or read. */
import { element } from './dom.js';

/** @param {string | null | undefined} url @returns {boolean} nothing else is ever linked to or gone to */
export const isWeb = (url) => /^https?:/i.test(url || '');

/** @param {Link[]} links @param {Emit} emit @param {string} [style] of each @returns {HTMLElement[]} */
export const anchors = (links, emit, style = '') =>
  links
    .filter(({ url }) => isWeb(url))
    .map((link) =>
      element('a', { href: link.url, textContent: link.label, style, onclick: () => emit('clicked', link) }),
    );

/**
 * @param {Link[]} links @param {string} className @param {Emit} emit @param {string} [style] of each link
 * @returns {HTMLElement[]} a row of them, if there are any
 */
export const row = (links, className, emit, style) => {
  const made = element('div', { className });
  made.append(...anchors(links, emit, style));
  return made.firstChild ? [made] : [];
};
