"""One HTML page with everything in it: opens from disk, offline."""

import base64
import re
from html import escape

from . import local, template
from .headline import headline, remarks
from .statistics import FEWEST, RESAMPLES
from .style import FORMATS
from .summary import FITTED
from .tables import cost_rows, plain_table, rank_rows, slope_table, summary_table, unrecorded
from .words import number, plural

LISTED = 100
SCROLL = '<div class="scroll" tabindex="0" role="region" aria-label="table">'  # so that keys scroll it
METHOD = f"""<h2>How the numbers are made</h2>
<p>A level is the geometric mean over seeds, its interval exp(mean(log) &plusmn; t<sub>0.975</sub>
s/&radic;S). An exponent is the slope of the weighted least-squares line through the logarithms (weights: one
over the variance of each mean, the variances drawn towards the pooled one); its 95 % interval is a bootstrap
of {RESAMPLES} draws of whole seeds, widened for few seeds by &radic;(S/(S&minus;1)) and Student's t. A slope
between neighbours is the same fit through two points. Fewer than {FEWEST} seeds give no
interval. A value is lost where a model on which it depends diverged: the network's own (losses, changes, outputs)
stay where its linearization alone did. All values:
tables/levels.csv, tables/slopes.csv, tables/time.csv.</p>"""


def write_page(path, context, sections, rest, failed, formats=FORMATS):
    """sections: those of the figures, whose files (SVG among the formats) stand in path's folder figures/, but for the
    failed ones (name -> reason); rest: those that are not drawn."""
    title = escape(context.title)
    first, *more = [raised(escape(line)) for line in headline(context)]
    body = [f"<h1>{title}</h1>", f'<p class="headline">{first}</p>', *(f"<p>{line}</p>" for line in more)]
    body += local_html(context) + [f'<p class="remark">{raised(escape(line))}</p>' for line in remarks(context)]
    drawn = [section_html(section, path.parent, failed, formats) for section in sections]
    body += drawn[:1] + summary_html(context) + drawn[1:] + rest_html(rest)
    body += cost_html(context) + unrecorded_html(context) + [METHOD] + run_html(context)
    content = with_contents(linked("\n".join(body), path.parent))
    path.write_text(template.page(title, content), encoding="utf-8")


def linked(body, folder):
    """Names of files that are there become links to them."""

    def link(found):
        name = found.group()
        return f'<a href="{name}">{name}</a>' if (folder / name).exists() else name

    return re.sub(r"(?<![\"/\w])(?:tables|figures)/\w+\.(?:csv|png|svg|pdf)\b", link, body)


def with_contents(body):
    """Headings get names, and a list of them stands before the first; a first link leads behind it."""
    names, lines = set(), []

    def named(found):
        text = found.group(1)
        name = slug = re.sub(r"\W+", "-", re.sub("<.*?>|&#?\\w+;", "", text).lower()).strip("-")
        while name in names:
            name = f"{slug}-{len(names)}"
        names.add(name)
        lines.append(f'<li><a href="#{name}">{text}</a></li>')
        return f'<h2 id="{name}">{text}</h2>'

    body = re.sub("<h2>(.*?)</h2>", named, body)
    head, first, rest = body.partition("<h2 ")
    skip = re.sub("<li><a (.*?)>.*", r'<a class="skip" \1>Skip to the first figure</a>', lines[0])
    return f'{skip}{head}<nav aria-label="Contents"><ul>{"".join(lines)}</ul></nav>\n{first}{rest}'


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
    name = escape(section.title)
    return (
        f'<a class="picture" href="figures/{section.name}.svg" title="{name}, in full size">'
        f'<img alt="{name}" src="data:image/svg+xml;base64,{image}"></a>{caption}'
    )


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
