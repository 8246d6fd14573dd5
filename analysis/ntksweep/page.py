"""One HTML page with everything in it: opens from disk, offline."""

import base64
import re
from html import escape

from . import local
from .headline import headline, remarks
from .statistics import FEWEST, RESAMPLES
from .style import FORMATS
from .summary import FITTED
from .tables import cost_rows, plain_table, rank_rows, slope_table, summary_table, unrecorded
from .words import number, plural

LISTED = 100
SCROLL = '<div class="scroll" tabindex="0">'  # so that keys scroll it
STYLE = """
:root { color-scheme: light dark; --text: #1c1c1c; --back: #fff; --soft: #666; --line: #ddd; --card: #f6f6f4;
        --link: #0061a8; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e6e6; --back: #181818; --soft: #a8a8a8; --line: #3a3a3a; --card: #242424; --link: #7cc4ff; }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back);
       max-width: 62rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 1rem 0 .5rem; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .4rem; }
.headline { font-size: 1.15rem; }
.remark { border-left: 3px solid #e69f00; padding-left: .7rem; margin: .4rem 0; }
figure { margin: .5rem 0; }
figure img { max-width: 100%; background: #fff; border-radius: 4px; }
figcaption, .soft { color: var(--soft); font-size: .9rem; }
.scroll { overflow: auto; max-height: 30rem; margin: .6rem 0; }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .7rem .2rem 0; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 600; position: sticky; top: 0; background: var(--back); }
td.wide { white-space: normal; }
.slopes .scroll { max-height: none; }
.slopes td { white-space: pre; vertical-align: top; font-size: .8rem; color: var(--soft); }
.slopes td::first-line, .slopes td:first-child { color: var(--text); }
pre { background: var(--card); padding: .7rem; overflow: auto; font-size: .8rem; border-radius: 4px; }
summary { cursor: pointer; }
a { color: var(--link); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
nav ul { columns: 18rem; padding-left: 1.2rem; font-size: .9rem; }
nav li { break-inside: avoid; }
@media print {
  :root { color-scheme: light; --text: #000; --back: #fff; --soft: #444; --line: #bbb; --card: #fff; --link: #000; }
  @page { margin: 15mm; }
  body { font-size: 10pt; max-width: none; padding: 0; }
  h2, summary, thead { break-after: avoid; }
  figure, tr { break-inside: avoid; }
  figure img { max-height: 21cm; }
  figcaption, p { orphans: 3; widows: 3; }
  .scroll { overflow: visible; max-height: none; }
  table { font-size: 7.5pt; }
  th, td, .slopes td { white-space: normal; overflow-wrap: break-word; padding-right: .4rem; }
  .slopes td { white-space: pre-line; font-size: 7.5pt; }
  th { position: static; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; overflow: visible; }
  details::details-content { content-visibility: visible; display: block; height: auto; }
}
@media screen and (max-width: 40rem) { figure { overflow-x: auto; } figure img { max-width: none; width: 46rem; } }
"""
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>{style}</style></head>
<body onbeforeprint="{unfold}">
{body}
</body></html>
"""
UNFOLD = "for (const part of document.querySelectorAll('details')) part.open = true"
METHOD = f"""<h2>How the numbers are made</h2>
<p>A level is the geometric mean over seeds, its interval exp(mean(log) &plusmn; t<sub>0.975</sub>
s/&radic;S). An exponent is the slope of the weighted least-squares line through the logarithms (weights: one
over the variance of each mean, the variances drawn towards the pooled one); its 95 % interval is a bootstrap
of {RESAMPLES} draws of whole seeds, widened for few seeds by &radic;(S/(S&minus;1)) and Student's t. A slope
between neighbours is the same fit through two points. Fewer than {FEWEST} seeds give no
interval. A value is lost where a model on which it depends diverged: the network's own (losses, changes, outputs) stay where its linearization alone did. All values:
tables/levels.csv, tables/slopes.csv, tables/time.csv.</p>"""


def write_page(path, context, sections, rest, failed, formats=FORMATS):
    """sections: those of the figures, whose files (SVG among the formats) stand in path's folder figures/, but for the
    failed ones (name -> reason); rest: those that are not drawn."""
    title = escape(context.title)
    body = [f"<h1>{title}</h1>", f'<p class="headline">{raised(escape(headline(context)))}</p>']
    body += local_html(context) + [f'<p class="remark">{raised(escape(line))}</p>' for line in remarks(context)]
    drawn = [section_html(section, path.parent, failed, formats) for section in sections]
    body += drawn[:1] + summary_html(context) + drawn[1:] + rest_html(rest)
    body += cost_html(context) + unrecorded_html(context) + [METHOD] + run_html(context)
    content = with_contents(linked("\n".join(body), path.parent))
    path.write_text(PAGE.format(title=title, style=STYLE, unfold=UNFOLD, body=content), encoding="utf-8")


def linked(body, folder):
    """Names of files that are there become links to them."""

    def link(found):
        name = found.group()
        return f'<a href="{name}">{name}</a>' if (folder / name).exists() else name

    return re.sub(r"\b(?:tables|figures)/\w+\.(?:csv|png|svg|pdf)\b", link, body)


def with_contents(body):
    """Headings get names, and a list of them stands before the first."""
    names, lines = set(), []

    def named(found):
        text = found.group(1)
        name = slug = re.sub(r"\W+", "-", re.sub("<.*?>|&\\w+;", "", text).lower()).strip("-")
        while name in names:
            name = f"{slug}-{len(names)}"
        names.add(name)
        lines.append(f'<li><a href="#{name}">{text}</a></li>')
        return f'<h2 id="{name}">{text}</h2>'

    body = re.sub("<h2>(.*?)</h2>", named, body)
    head, first, rest = body.partition("<h2 ")
    return f'{head}<nav aria-label="Contents"><ul>{"".join(lines)}</ul></nav>\n{first}{rest}'


def raised(text):
    """n^-1 with the exponent raised."""
    return re.sub("\\^([\N{MINUS SIGN}\\d./]+\\d)", r"<sup>\1</sup>", text)


def section_html(section, folder, failed, formats):
    figure = f"<figure>{picture(section, folder, failed, formats)}</figure>"
    content = figure + table_html(*slope_table([curve for curve in section.scaling if not curve.is_local]))
    content += f'<div class="slopes">{table_html(*section.table)}</div>' if section.table else ""
    if section.number > 1:
        return f"<details><summary>{escape(section.title)} ({section.number})</summary>{content}</details>"
    return f"<h2>{escape(section.title)}</h2>{content}"


def picture(section, folder, failed, formats):
    if section.name in failed:
        return f'<p class="remark">Figure {section.name} could not be drawn: {escape(failed[section.name])}</p>'
    image = base64.b64encode((folder / "figures" / f"{section.name}.svg").read_bytes()).decode()
    files = f'<span class="soft">{", ".join(f"figures/{section.name}.{kind}" for kind in formats)}</span>'
    caption = f"<figcaption>{raised(escape(section.caption))} {files}</figcaption>"
    return f'<img alt="{escape(section.title)}" src="data:image/svg+xml;base64,{image}">{caption}'


def rest_html(rest):
    """What is not drawn, by name."""
    if not rest:
        return []
    head = f"<h2>Figures that are not drawn</h2><p>{plural(len(rest), 'more figure')}: "
    head += "<code>--figures all</code> draws all. Their numbers are in tables/.</p>"
    names = "".join(f"<li>{section.name}: {escape(section.title)}</li>" for section in rest)
    return [f"{head}<details><summary>their names</summary><ul>{names}</ul></details>"]


def local_html(context):
    """The local slopes, which are the headline where a family is pre-asymptotic."""
    header, rows = local.slope_table(context)
    text = (
        '<p class="soft">Local slope of the RMSE between two widths, with its 95 % interval over seeds; below, the '
        "RMSE at both. All values: tables/slopes.csv, tables/levels.csv</p>"
    )
    return [f'<div class="slopes">{table_html(header, rows)}{text}</div>'] if rows else []


def table_html(header, rows):
    if not rows:
        return ""
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    lines = ["<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows]
    return f'{SCROLL}<table><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'


def summary_html(context):
    if not context.rows:
        return []
    rule = "At the last step."
    if any(row.is_judged for row in context.rows):
        rule += f" Not fitted: the training loss is above {100 * FITTED:g} % of its value at step 0."
    text = f'<p class="soft">{rule} tables/summary.csv</p>'
    table = table_html(*summary_table(context.rows, context.width))
    return ["<h2>Final training loss beside final RMSE</h2>" + text + table]


def cost_html(context):
    rows, ranks = cost_rows(context.studies), rank_rows(context.studies)
    tables = [table_html(*plain_table(part)) for part in (rows, ranks)]
    runs = [f"<p>{escape(line)}</p>" for line in map(busy_line, context.studies) if line]
    return ["<h2>Seconds by phase and rank</h2>" + "".join(tables + runs)] if any(tables + runs) else []


def busy_line(study):
    """Wall time and busy share of the last run, as it wrote them itself."""
    busy, elapsed = study.run.get("busy"), study.run.get("elapsed_seconds")
    if not busy or not elapsed:
        return ""
    shares = f"{min(busy):.3f} to {max(busy):.3f}"
    return f"{study.label}: the last run took {number(elapsed)} s on {plural(len(busy), 'rank')}; busy share {shares}."


def unrecorded_html(context):
    rows = unrecorded(context.studies)
    if not rows:
        return []
    more = f'<p class="soft">{len(rows) - LISTED} more in tables/not_recorded.csv</p>' if len(rows) > LISTED else ""
    return ["<h2>Points that diverged, failed or are missing</h2>" + table_html(*plain_table(rows[:LISTED])) + more]


def run_html(context):
    return ["<h2>What was run</h2>" + "".join(study_html(study) for study in context.studies)]


def study_html(study):
    attributes = {name: value for name, value in study.data.attrs.items() if name not in ("study", "title")}
    cells = ((escape(str(name)), escape(str(value))) for name, value in attributes.items())
    lines = "".join(f'<tr><td>{name}</td><td class="wide">{value}</td></tr>' for name, value in cells)
    counts = " \N{MULTIPLICATION SIGN} ".join(f"{study.data.sizes[name]} {name}" for name in study.axes)
    table = f'{SCROLL}<table>{lines}</table></div>' if lines else ""
    text = f"<details><summary>study file</summary><pre>{escape(study.text)}</pre></details>"
    return f"<p>{escape(study.label)}: {escape(counts)}</p>{table}{text}"
