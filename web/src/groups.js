// Who acts next, as the API says it of each item: pure tables, in the order in which people see them.

export const GROUPS = ['done', 'restored', 'kept', 'someone', 'itself', 'retry', 'impossible'];

const OF_OUTCOME = {
  replaced: 'done', unchanged: 'done', superseded: 'done', restored: 'restored', nothing_to_undo: 'kept',
  parked: 'itself', deferred: 'itself', unknown_asset: 'impossible',
};
const OF_PARTY = { person: 'retry', business_admin: 'someone', provider: 'someone' };

// An undo leaves what a newer log-in serves as it is.
export const groupOfItem = ({ outcome, reason }, isUndo) => (isUndo && outcome === 'superseded' ? 'kept'
  : OF_OUTCOME[outcome ?? 'deferred'] ?? OF_PARTY[reason?.who] ?? 'impossible');

export const COVERAGES = ['will_replace', 'would_park', 'would_narrow', 'uncovered', 'unknown', 'unchanged'];

// Whether a person has to act: a log-in heals the asset, or nothing serves it any more.
export const needsPerson = ({ state, reason }) => state === 'disconnected' || ['reconnect', 'other_person'].includes(reason.heals);

// What a host shows beside its menu: assets that are not well, and those of them that a person heals.
export function attentionOf(assets) {
  const ill = [...assets].filter((it) => it.state !== 'healthy');
  return { total: ill.length, actionRequired: ill.filter(needsPerson).length };
}

// Items by a function of each, without empty groups, in the order of `names`.
export function split(items, names, nameOf) {
  const groups = new Map(names.map((name) => [name, []]));
  for (const item of items) groups.get(nameOf(item))?.push(item);
  return [...groups].filter(([, list]) => list.length > 0);
}
