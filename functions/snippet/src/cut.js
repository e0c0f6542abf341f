/** Takes the rest of an article out of sight, and puts every bit of it back. */

const GATES = ['[itemprop=articleBody]', '.entry-content', '.article-body', 'article'];
/** What stands beside the text: paragraphs in there are not counted. */
const BESIDE = 'header, footer, aside, figure, nav';

/** The element that holds the article's text. @param {string | undefined} selector the publisher's own */
export const findGate = (selector) => {
  for (const each of [selector, ...GATES]) {
    const gate = each && document.querySelector(each);
    if (gate) return gate;
  }
  return null;
};

/**
 * Puts the wall after the paragraphs that stay and hides what follows it, also what is added later.
 * @param {Element} gate
 * @param {number} preview paragraphs that stay; one always goes, else a short article would stand whole above its wall
 * @param {boolean} isBeginning whether the page has no more than these paragraphs: then all of them stay
 * @param {HTMLElement} wall
 * @returns {() => void} undoes all of it
 */
export const cut = (gate, preview, isBeginning, wall) => {
  const blocks = textBlocks(gate);
  const kept = isBeginning ? blocks.length : Math.min(preview, blocks.length - 1);
  const last = blocks[kept - 1];
  if (last) last.after(wall);
  else if (blocks[0]) blocks[0].before(wall);
  else gate.append(wall);

  /** @type {Map<Node, () => void>} */
  const hidden = new Map();
  const cover = () => {
    for (let node = /** @type {Node} */ (wall); node != gate && node.parentNode; node = node.parentNode)
      for (let next = node.nextSibling; next; next = next.nextSibling) if (!hidden.has(next)) hidden.set(next, hide(next));
  };
  cover();
  const added = new MutationObserver(cover);
  added.observe(gate, { childList: true, subtree: true });
  const unfade = last ? fade(last) : () => {};
  return () => {
    added.disconnect();
    hidden.forEach((show) => show());
    unfade();
    wall.remove();
  };
};

/** @param {Element} gate @returns {HTMLElement[]} its paragraphs, or its children where it has none */
const textBlocks = (gate) => {
  const paragraphs = [...gate.querySelectorAll('p')].filter((paragraph) => {
    const beside = paragraph.closest(BESIDE);
    return paragraph.textContent?.trim() && (!beside || beside.contains(gate));
  });
  return paragraphs.length ? paragraphs : /** @type {HTMLElement[]} */ ([...gate.children]);
};

/** Neither moved nor removed: scripts and frameworks of the page find their nodes where they were. @param {Node} node */
const hide = (node) => {
  if (node instanceof HTMLElement || node instanceof SVGElement) return styled(node, 'display', 'none', 'important');
  if (!(node instanceof Text)) return () => {};
  const text = node.data;
  node.data = '';
  return () => {
    node.data = text;
  };
};

/** The last lines pale a little: there is more. Not for those who asked for contrast. @param {HTMLElement} last */
const fade = (last) =>
  matchMedia('(forced-colors: active), (prefers-contrast: more), print').matches
    ? () => {}
    : styled(last, 'mask-image', 'linear-gradient(#000 calc(100% - 5em), #0009)', '');

/** @param {HTMLElement | SVGElement} element @param {string} name @param {string} value @param {string} priority */
const styled = ({ style }, name, value, priority) => {
  const [former, formerly] = [style.getPropertyValue(name), style.getPropertyPriority(name)];
  style.setProperty(name, value, priority);
  return () => style.setProperty(name, former, formerly);
};
