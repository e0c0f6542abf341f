/** Elements without markup strings: nothing needs eval, innerHTML or a style attribute, so a page's policy can stay strict. */
import { nonce } from './settings.js';

/**
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children
 * @returns {any} an element of that tag
 */
export const element = (tag, attributes, ...children) => {
  const made = document.createElement(tag);
  for (const name in attributes) made.setAttribute(name, attributes[name]);
  made.append(...children);
  return made;
};

/**
 * A host whose open shadow root holds the content. Browsers without constructed style sheets get an element with the nonce.
 * @param {string} tag @param {string} css @param {Node} content @returns {HTMLElement}
 */
export const shadowed = (tag, css, content) => {
  const host = element(tag, {});
  const root = host.attachShadow({ mode: 'open' });
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
  } catch {
    root.append(element('style', { nonce }, css));
  }
  root.append(content);
  return host;
};

/** @param {string | null | undefined} url @returns {boolean} nothing else is ever linked to or gone to */
export const isWeb = (url) => /^https?:\/\//i.test(url || '');

/**
 * What the reader can do, and where else to go.
 * @param {Prompt} prompt @param {Main['emit']} emit @returns {HTMLElement[]} a row of actions and one of further links
 */
export const links = (prompt, emit) =>
  [
    { list: prompt.actions, name: 'actions' },
    { list: prompt.links, name: 'links' },
  ].flatMap(({ list, name }) => {
    const anchors = list
      .filter(({ url }) => isWeb(url))
      .map((link) => {
        const anchor = element('a', { href: link.url }, link.label);
        anchor.addEventListener('click', () => emit('clicked', link));
        return anchor;
      });
    return anchors.length ? [element('div', { class: name }, ...anchors)] : [];
  });

/** Gives a box the prompt's language, direction and colors. @param {HTMLElement} box @param {Prompt} prompt */
export const dress = (box, { lang, dir, colors }) => {
  box.lang = lang;
  box.dir = dir;
  box.style.setProperty('--back', colors.background);
  box.style.setProperty('--fore', colors.text);
};
