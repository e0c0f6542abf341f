/** The bar: a count, what the reader can do about it, and a ×. It covers a strip of the page and moves nothing. */
import * as css from './bar.css';
import { element, root } from './dom.js';
import { emit } from './emit.js';
import { memory } from './memory.js';

const message = element('output', { role: 'status' });
const bar = element('section');

/** Is put on the page empty: screen readers miss what a new element says at once. */
export const host = element('readmeter-bar');
host.attachShadow({ mode: 'open' }).append(bar);

/** What the bar covers, and what the keyboard reaches, can always be scrolled clear of it. */
const { style } = root;

export const hide = () => {
  bar.replaceChildren(message);
  style.paddingBottom = style.scrollPaddingBottom = bar.style = bar.ariaLabel = message.textContent = '';
};

/** @param {any} answer a granted one with its prompt */
export const show = ({ prompt, reason, remaining }) => {
  const { background, text } = prompt.colors;
  const onclick = () => {
    hide();
    memory({ dismissed: remaining });
    emit('dismissed', prompt);
  };
  bar.replaceChildren(
    // First, so that it floats into the upper corner however many lines the rest takes.
    element('button', {
      ariaLabel: prompt.close_label,
      style: css.target + ';' + css.close,
      onclick,
      textContent: '×',
    }),
    message,
    ...prompt.actions
      .filter((/** @type {Link} */ link) => /^http/i.test(link.url))
      .map((/** @type {Link} */ link, /** @type {number} */ index) =>
        element('a', {
          href: link.url,
          textContent: link.label,
          style: css.target + (index ? '' : `;background:${text};color:${background}`),
          onclick: () => emit('clicked', link),
        }),
      ),
  );
  Object.assign(bar, prompt, {
    ariaLabel: prompt.message,
    style:
      css.bar +
      `;${prompt.position}:env(safe-area-inset-${prompt.position})` +
      `;background:${background};color:${text}`,
    // What answers false would take the key away from the page.
    onkeydown: (/** @type {KeyboardEvent} */ event) => event.key != 'Escape' || onclick(),
  });
  // Only a newly counted read is said aloud.
  message.ariaLive = reason == 'metered' ? 'polite' : 'off';
  message.textContent = prompt.message;
  style.paddingBottom = style.scrollPaddingBottom = bar.offsetHeight + 'px';
  emit('shown', prompt);
};
