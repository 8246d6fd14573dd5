"""Every figure of the report: a function that takes the context and yields sections, and a row in FIGURES. Which of
them are drawn where they are many."""

from collections import Counter
from functools import partial

from . import bands, cobwebs, defaults, equilibria, fits, images, predictions, regions, shares, states, times
from .context import Section, sections_of
from .curves import numeric_axes, phases, split
from .local import local_curves, slope_figures
from .reference import reference_figure
from .scaling import INVERSE, LAZY, ROOT, Guide, against_width, scaling_figures
from .summary import ROUNDING, rounding_share, unfitted_points
from .times import spread
from .words import plain_name

KERNELS = ["ntk_change", "nngp_change"]
LAYERS = ["parameter_change"]
INFINITE = ["ntk_distance_infinite", "rmse_test_infinite"]
EIGENVALUES = ["lambda_max", "lambda_min", "ntk_trace"]
BY_HAND = {  # metrics with a figure here; others have that which their row in the program asks for
    *predictions.PREDICTIONS, *times.LOSSES, *times.OUTPUTS, *KERNELS, *LAYERS, *INFINITE, *EIGENVALUES,
    "rmse_rounding", "rmse_rounding_linear", "contraction",
}  # fmt: skip
LAZINESS = (
    " Of the scaled outputs. Centred, that is without the initial outputs, a large scale is lazy: expected "
    "1/\N{GREEK SMALL LETTER ALPHA}. Not centred, the residual contains the scaled initial outputs, and a large scale "
    "does not linearize."
)


def rmse_against_width(context):
    curves = against_width(context.rmse)
    caption = (
        "RMSE between the network and its linearization on the test points, at the last step. Geometric mean over "
        "seeds; bars: 95 % interval of the mean. Level marks: median over all seeds where some diverged. "
        "A cross where all did."
    )
    if any(row.is_judged for row in context.rows):
        caption += (
            " Open points: the training loss is still above 1 % of its first value, so convergence is mixed with width."
        )
    if context.paper:
        caption += (
            " Dashed: Lee et al. 2019, Fig. S5, at the nearest depth that is there. Its learning rate, steps, seeds "
            "and scaling of inputs are not known, so compare slopes and orders of magnitude."
        )
    figures = scaling_figures(curves, [INVERSE], unfitted_points(context.rows), context.title, context.paper)
    yield from sections_of("rmse_width", f"RMSE against {context.width}", caption, figures)


def local_slopes(context):
    caption = (
        "Slope of log RMSE against log width between neighbouring widths, over the geometric mean of the two; bars: "
        "95 % interval over seeds."
    )
    if context.paper:
        caption += " Open marks: those of Lee et al. 2019 at the nearest depth."
    figures = slope_figures(local_curves(context), context.paper)
    yield from sections_of("local_slopes", "Local slopes", caption, figures)


def rmse_and_references(context):
    """One panel for each panel of the reference, with all curves of the studies in it."""
    if not context.references:
        return
    caption = "The RMSE above (large marks, intervals) over the points of the reference file (small marks)."
    draw = partial(reference_figure, context.rmse, context.references)
    yield Section("rmse_reference", "Beside the reference", caption, draw, context.references)


def rmse_against_train_size(context):
    curves = against_width(context.curves(["rmse_test"], "train_size"))
    caption = "The same RMSE against the number of training points; a colour for each width."
    if any(row.is_judged for row in context.rows):
        caption += " Open points: not yet fitted."
    figures = scaling_figures(curves, [], unfitted_points(context.rows))
    yield from sections_of("rmse_train_size", "RMSE against training-set size", caption, figures)


def rmse_against_axes(context):
    """Against each other axis that has numbers."""
    for name in numeric_axes(context.studies):
        caption = "The same RMSE over another axis of the grid; geometric mean over seeds, bars: 95 % interval."
        if name == "output_scale":
            caption += LAZINESS
        curves = against_width(context.curves(["rmse_test"], name))
        guides = [LAZY] if name == "output_scale" else []
        figures = scaling_figures(curves, guides, unfitted_points(context.rows))
        yield from sections_of(f"rmse_{name}", f"RMSE against {plain_name(name)}", caption, figures)


def kernel_change(context):
    curves = against_width(context.curves(KERNELS))
    caption = (
        "Relative change (Frobenius norm) of the empirical kernels from initialization to the last step. Expected: 1/n."
    )
    yield from sections_of("kernel_change", "Change of the kernels", caption, scaling_figures(curves, [INVERSE]))


def layer_change(context):
    curves = against_width(context.curves(LAYERS))
    caption = (
        "Relative change of each layer's weights and biases at the last step. Expected: hidden layers as 1/n, "
        "the first and the last as n^\N{MINUS SIGN}1/2."
    )
    yield from sections_of("layer_change", "Change of the layers", caption, scaling_figures(curves, [INVERSE, ROOT]))


def infinite_width(context):
    curves = against_width(context.curves(INFINITE))
    caption = (
        "Distance of the empirical NTK at initialization from the infinite-width one, and RMSE at the last step "
        "against the prediction made with the infinite-width kernel. Expected: n^\N{MINUS SIGN}1/2."
    )
    yield from sections_of("infinite_width", "Distance from infinite width", caption, scaling_figures(curves, [ROOT]))


def eigenvalues(context):
    curves = against_width(context.curves(EIGENVALUES))
    caption = (
        "Largest and smallest eigenvalue and trace of the empirical NTK on the training points, at initialization."
    )
    yield from sections_of("eigenvalues", "Eigenvalues of the NTK", caption, scaling_figures(curves))


def rounding(context):
    curves = [
        curve
        for order, study in enumerate(context.studies)
        if study.has("rmse_rounding") and study.has("rmse_test")
        for curve in split(study, order, rounding_share(study), "width")
    ]
    caption = (
        "What single precision adds, as a share of the RMSE at the last step: RMSE between outputs in f32 and in "
        "f64, of the network or of its linearization, whichever is larger. Above a tenth the figure wants f64."
    )
    figures = scaling_figures(against_width(curves), [Guide(0, "a tenth", ROUNDING)])
    yield from sections_of("rounding", "Rounding", caption, figures)


def cost(context):
    curves = [
        curve
        for order, study in enumerate(context.studies)
        if phases(study) is not None
        for curve in split(study, order, phases(study), "width")
        if curve.where["phase"] != "total"
    ]
    caption = "Seconds a point takes in each phase; geometric mean over seeds."
    yield from sections_of("cost", "Cost", caption, scaling_figures(against_width(curves)))


def of_other_metrics(context):
    yield from defaults.sections(context, lambda metric: metric not in BY_HAND)


FIGURES = (
    rmse_against_width,
    local_slopes,
    rmse_and_references,
    rmse_against_train_size,
    rmse_against_axes,
    bands.sections,
    fits.sections,
    regions.sections,
    states.sections,
    cobwebs.sections,
    images.sections,
    equilibria.sections,
    shares.sections,
    predictions.against_time,
    predictions.against_widths,
    times.rmse,
    times.losses,
    times.outputs,
    kernel_change,
    layer_change,
    infinite_width,
    eigenvalues,
    of_other_metrics,
    rounding,
    cost,
)

HEADLINE = ("rmse_width", "local_slopes")  # kinds of which all are drawn before a second one of others


def all_sections(context):
    return [section for make in FIGURES for section in make(context)]


def chosen(sections, most):
    """At most `most` of the sections, in their order: one of each kind and the headline's, then in turns a further one
    of each kind, spread over all of that kind."""
    kinds = {}
    for section in sections:
        kinds.setdefault(section.kind, []).append(section)
    counts = share_out({kind: len(members) for kind, members in kinds.items()}, most)
    taken = {section.name for kind, count in counts.items() for section in spread(kinds[kind], count)}
    return [section for section in sections if section.name in taken]


def share_out(available, most):
    """kind -> how many of it; available: kind -> how many there are, the headline's first."""

    def turn(kind, i):
        return i if i == 0 or kind not in HEADLINE else 0.5

    places = [(turn(kind, i), order, kind) for order, kind in enumerate(available) for i in range(available[kind])]
    return Counter(kind for *_, kind in sorted(places)[:most])
