/** Who reads, where an address of the publisher's own says so. */

/** So many milliseconds of a reader's patience may pass until it is known; then the view is anonymous. */
const PATIENCE = 1000;
const TOKEN = /^[\w-]+(\.[\w-]+)*$/;

/** What a 200 from there holds: a token as text or in JSON. Nobody is signed in where it holds none. @param {string} text */
const token = (text) => {
  let said = text.trim();
  try {
    const json = JSON.parse(said);
    said = json?.identity ?? json;
  } catch {
    // It is the token itself.
  }
  return typeof said == 'string' && TOKEN.test(said) ? said : undefined;
};

/** Asked anew each time, for readers sign in and out. @param {string | undefined} url @returns {Promise<string | undefined>} */
const identified = async (url) => {
  try {
    const response = url && (await fetch(url, { mode: 'same-origin', cache: 'no-store' }));
    return response && response.ok ? token(await response.text()) : undefined;
  } catch {
    return undefined; // no such address, or not of this origin
  }
};

/** What the page itself says goes first. @param {Settings} settings @returns {Promise<string | undefined>} */
export const identity = async (settings) => settings.identity ?? (await identified(settings.identityUrl));

/** The same, while the reader waits. @param {Settings} settings @param {number} since when that began */
export const identityInTime = (settings, since) =>
  Promise.race([
    identity(settings),
    new Promise((late) => setTimeout(late, since + PATIENCE - Date.now())),
  ]);
