/** Coming back: from a checkout, whose payment may arrive after the reader, or from another tab. */

/** What the address of a page ends with that a checkout sent the reader back to. */
const THANKS = '#readmeter-thanks';
/** Milliseconds between two questions, and how many are asked before the reader is told that it takes longer. */
const PAUSE = 2000;
const QUESTIONS = 7;
/** A wall is asked about again when its reader was away for so many milliseconds, or it stood for so many. */
const AWAY = 10 * 1000;
const STOOD = 60 * 1000;

/** Whether a checkout sent the reader to this page. */
export const isBack = () => location.hash == THANKS;

/** The article is open: what a reader copies or reloads from now on is its own address. */
export const arrived = () => {
  if (isBack()) history.replaceState(history.state, '', location.pathname + location.search);
};

/**
 * Asks as long as this reader waits for this article, and not for ever. What is asked for a hidden page waits by itself.
 * @param {() => Promise<void>} ask @param {() => boolean} waits
 */
export const keepAsking = async (ask, waits) => {
  for (let asked = 0; asked < QUESTIONS && waits(); asked++) {
    await new Promise((passed) => setTimeout(passed, PAUSE));
    if (waits()) await ask();
  }
};

/**
 * To another tab or window and back.
 * @param {() => void} f is called when somebody comes back @param {() => number} since when this page was last asked about
 */
export const onReturn = (f, since) => {
  let left = Infinity;
  const look = (/** @type {boolean} */ isThere) => {
    const now = Date.now();
    if (!isThere) left = Math.min(left, now);
    else {
      if (now - left >= AWAY || now - since() >= STOOD) f();
      left = Infinity;
    }
  };
  document.addEventListener('visibilitychange', () => look(!document.hidden));
  addEventListener('blur', () => look(false));
  addEventListener('focus', () => look(!document.hidden));
};
