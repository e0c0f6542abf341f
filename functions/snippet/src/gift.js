/** Gives an article away: for a button of the publisher's own. */
import { identity } from './identity.js';

/**
 * @param {Settings} settings @param {string} article names the one that is given @param {string} url its address
 * @returns {Promise<any>} the link with what remains; a refusal is an error that bears the problem's fields
 */
export const give = async (settings, article, url) => {
  const response = await fetch(settings.api + 'gifts', {
    method: 'POST',
    body: JSON.stringify({ site: settings.site, identity: await identity(settings), article, url }),
  });
  const answer = await response.json();
  if (response.status != 201) throw Object.assign(new Error(answer.detail), answer);
  return answer;
};
