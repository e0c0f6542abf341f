/** The bar: a count, what the reader can do about it, and a ×. It covers a strip of the page and moves nothing. */
import * as css from './bar.css';
import { element } from './dom.js';
import { emit } from './emit.js';
import { memory } from './memory.js';

const message = element('output', { role: 'status' });
const bar = element('section');
bar.append(message);

/** Is put on the page empty: screen readers miss what a new element says at once. */
export const host = element('readmeter-bar');
host.attachShadow({ mode: 'open' }).append(bar);

/** What the bar covers, and what the keyboard reaches, can always be scrolled clear of it. */
const { style } = document.documentElement;

export const hide = () => {
  bar.replaceChildren(message);
  style.paddingBottom = style.scrollPaddingBottom = bar.style = bar.ariaLabel = message.textContent = '';
};

/** @param {any} answer a granted one with its prompt */
export const show = ({ prompt, reason, remaining }) => {
  const onclick = () => {
    hide();
    memory({ dismissed: remaining });
    emit('dismissed', prompt);
  };
  hide();
  prompt.actions.forEach((/** @type {Link} */ link, /** @type {number} */ index) => {
    if (/^https?:/i.test(link.url))
      bar.append(
        element('a', {
          href: link.url,
          textContent: link.label,
          style: css.target + (index ? '' : `;background:${prompt.colors.text};color:${prompt.colors.background}`),
          onclick: () => emit('clicked', link),
        }),
      );
  });
  bar.append(
    element('button', {
      ariaLabel: prompt.close_label,
      textContent: '×',
      style: css.target + ';' + css.close,
      onclick,
    }),
  );
  Object.assign(bar, {
    ariaLabel: prompt.message,
    lang: prompt.lang,
    dir: prompt.dir,
    style:
      css.bar +
      `;${prompt.position}:env(safe-area-inset-${prompt.position})` +
      `;background:${prompt.colors.background};color:${prompt.colors.text}`,
    // What answers false would take the key away from the page.
    onkeydown: (/** @type {KeyboardEvent} */ { key }) => key != 'Escape' || onclick(),
  });
  // Only a newly counted read is said aloud.
  message.ariaLive = reason == 'metered' ? 'polite' : 'off';
  message.textContent = prompt.message;
  style.paddingBottom = style.scrollPaddingBottom = bar.offsetHeight + 'px';
  emit('shown', prompt);
};
