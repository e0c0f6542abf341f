/** The bar: a count, what the reader can do about it, and a ×. It covers a strip of the page and moves nothing of it. */
import css from './bar.css';
import { dress, element, links, shadowed } from './dom.js';

/** Milliseconds that the status element is on the page, empty: screen readers miss what is said at once. */
const HEARING = 100;

const message = element('p', { id: 'message', role: 'status' });
const others = element('div', { class: 'others' });
const bar = element('section', { 'aria-labelledby': 'message' }, message, others);
const host = shadowed('readmeter-bar', css, bar);

let waiting = 0;

// What the bar covers, and what the keyboard reaches, can always be scrolled clear of it.
const room = new ResizeObserver(() => {
  const { style } = document.documentElement;
  const height = bar.offsetHeight;
  style.paddingBottom = style.scrollPaddingBlock = height ? height + 'px' : '';
});

const hide = () => {
  clearTimeout(waiting);
  bar.className = message.textContent = '';
  others.replaceChildren();
};

/** @param {Main} main @returns {Part} */
window.readmeter.bar = ({ emit, memory }) => {
  /** @param {Prompt} prompt @param {() => void} close */
  const fill = (prompt, close) => {
    others.append(...links(prompt, emit));
    if (prompt.dismissible) {
      const button = element('button', { type: 'button', 'aria-label': prompt.close_label }, '×');
      button.onclick = close;
      others.append(button);
    }
    bar.onkeydown = (/** @type {KeyboardEvent} */ { key }) => {
      if (key == 'Escape' && prompt.dismissible) close();
    };
    dress(bar, prompt);
    bar.className = prompt.position;
    message.textContent = prompt.message;
    emit('shown', prompt);
  };

  return (answer) => {
    hide();
    if (!answer?.prompt) return;
    const { prompt, reason, remaining } = answer;
    const close = () => {
      hide();
      memory({ dismissed: remaining });
      emit('dismissed', prompt);
    };
    const isNew = !host.isConnected;
    if (isNew) {
      document.body.append(host);
      room.observe(bar);
    }
    // Only a newly counted read is said aloud.
    message.setAttribute('aria-live', reason == 'metered' ? 'polite' : 'off');
    waiting = setTimeout(fill, isNew ? HEARING : 0, prompt, close);
  };
};
