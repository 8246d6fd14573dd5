"""What is the same on every page: its look on screens, in the dark, on narrow ones and on paper, and its frame."""

STYLE = """
:root { color-scheme: light dark; --text: #1c1c1c; --back: #fff; --soft: #666; --line: #ddd; --card: #f6f6f4;
        --link: #0061a8; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e6e6; --back: #181818; --soft: #a8a8a8; --line: #3a3a3a; --card: #242424; --link: #7cc4ff; }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back);
       max-width: 62rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 1rem 0 .5rem; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .4rem; }
.headline { font-size: 1.15rem; }
.remark { border-left: 3px solid #e69f00; padding-left: .7rem; margin: .4rem 0; }
figure { margin: .5rem 0; }
.picture { display: block; width: fit-content; max-width: 100%; text-decoration: none; }
.picture img { display: block; max-width: 100%; background: #fff; border-radius: 4px; }
figcaption, .soft { color: var(--soft); font-size: .9rem; }
.scroll { overflow: auto; max-height: 30rem; margin: .6rem 0; }
[data-more]::before { content: "scrolls " attr(data-more); color: var(--soft); font-size: .8rem;
                      display: block; width: fit-content; position: sticky; left: 0; }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .7rem .2rem 0; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 600; position: sticky; top: 0; background: var(--back); }
td.wide { white-space: normal; }
.slopes .scroll { max-height: none; }
.slopes td { white-space: pre; vertical-align: top; font-size: .8rem; color: var(--soft); }
.slopes td::first-line, .slopes td:first-child { color: var(--text); }
pre { background: var(--card); padding: .7rem; white-space: pre-wrap; font-size: .8rem; border-radius: 4px; }
summary { cursor: pointer; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.scroll:focus-visible, .picture:focus-visible { outline-offset: -3px; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: .2rem; background: var(--back); }
nav ul { columns: 18rem; padding-left: 1.2rem; font-size: .9rem; }
nav li { break-inside: avoid; }
@media print {
  :root { color-scheme: light; --text: #000; --back: #fff; --soft: #444; --line: #bbb; --card: #fff; --link: #000; }
  @page { margin: 15mm; }
  body { font-size: 10pt; max-width: none; padding: 0; }
  h2, summary, thead { break-after: avoid; }
  figure, tr { break-inside: avoid; }
  .picture img { max-height: 21cm; }
  figcaption, p { orphans: 3; widows: 3; }
  .scroll { overflow: visible; max-height: none; }
  .skip, [data-more]::before { display: none; }
  table { font-size: 7.5pt; }
  th, td, .slopes td { white-space: normal; overflow-wrap: break-word; padding-right: .4rem; }
  .slopes td { white-space: pre-line; font-size: 7.5pt; }
  th { position: static; }
  details::details-content { content-visibility: visible; display: block; height: auto; }
}
@media screen and (max-width: 40rem) {
  .picture { overflow-x: auto; }
  .picture img { max-width: none; width: 46rem; }
}
"""
# Paper has what is folded in. Boxes say in data-more whether they hold more than is seen.
SCRIPT = """
addEventListener("beforeprint", () => { for (const part of document.querySelectorAll("details")) part.open = true; });
const boxes = new ResizeObserver(seen => {
  for (const { target: box } of seen) {
    const more = [];
    if (box.scrollWidth > box.clientWidth) more.push("sideways");
    if (box.scrollHeight > box.clientHeight) more.push("down");
    if (more.length) box.dataset.more = more.join(" and "); else delete box.dataset.more;
  }
});
for (const box of document.querySelectorAll(".scroll, .picture")) boxes.observe(box);
"""


def page(title, body):
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>{STYLE}</style></head>
<body>
{body}
<script>{SCRIPT}</script>
</body></html>
"""
