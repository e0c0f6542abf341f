/** Nothing is kept of a reader who does not agree. */

/** @param {(changes?: Partial<Memory>) => Memory} memory @param {string | undefined} site */
export const forget = (memory, site) => {
  const nothing = Object.fromEntries(Object.keys(memory()).map((name) => [name, undefined]));
  // Whoever agrees later on this page is somebody new.
  memory({ ...nothing, seed: crypto.randomUUID().slice(-22) });
  try {
    localStorage.removeItem('readmeter:' + site);
  } catch {
    // Where nothing can be kept there is nothing to drop.
  }
};
