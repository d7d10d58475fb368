// Lists as text, to copy and to keep.

// One line an asset, as people tick them at Meta.
export function listOfAssets(assets) {
  return assets.map((it) => [it.business_name ?? it.business_id ?? '', it.name ?? '', it.id].join('\t')).join('\n');
}

// Every item of a reconnect, for a spreadsheet.
export function listOfItems(items, assets) {
  const head = ['asset_id', 'name', 'kind', 'business', 'outcome', 'reason', 'next_step'];
  const lines = items.map((it) => {
    const asset = assets.get(it.asset_id);
    return [it.asset_id, asset?.name, asset?.kind, asset?.business_name, it.outcome, it.reason?.detail, it.reason?.next_step];
  });
  return [head, ...lines].map((line) => line.map(cell).join(',')).join('\r\n');
}

// A cell that begins like a formula would be run by a spreadsheet.
function cell(value) {
  const text = String(value ?? '').replace(/^(?=[=+\-@\t\r])/, "'");
  return `"${text.replaceAll('"', '""')}"`;
}

export function save(name, text) {
  const href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  const link = Object.assign(document.createElement('a'), { href, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}
