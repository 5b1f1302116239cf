# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operations of the linalg dialect. Every operation starts at an argument, so that the
derivative with respect to the initial value is tested too."""

from case import ODD, shaped, uniform

WIDE, POSITIVE = (-2, 2), (0.2, 2)
POINTWISE = {
    "abs": (1, WIDE), "ceil": (1, (0.1, 0.9)), "erf": (1, WIDE), "exp": (1, WIDE),
    "floor": (1, (0.1, 0.9)), "log": (1, POSITIVE), "negf": (1, WIDE), "reciprocal": (1, POSITIVE),
    "round": (1, (0.6, 1.4)), "rsqrt": (1, POSITIVE), "sqrt": (1, POSITIVE), "square": (1, WIDE),
    "tanh": (1, WIDE), "copy": (1, WIDE), "add": (2, WIDE), "sub": (2, WIDE), "mul": (2, WIDE),
    "div": (2, POSITIVE), "max": (2, WIDE), "min": (2, WIDE), "powf": (2, POSITIVE),
}
# Letters name the dimensions; sums run over letters that the result lacks.
CONTRACTIONS = {
    "matmul": "mk,kn->mn", "batch_matmul": "bmk,bkn->bmn", "batch_reduce_matmul": "bmk,bkn->mn",
    "matvec": "mk,k->m", "vecmat": "k,kn->n", "dot": "k,k->", "batch_matvec": "bmk,bk->bm",
    "batch_vecmat": "bk,bkn->bn", "mmt4d": "mkpq,nkrq->mnpr", "batch_mmt4d": "bmkpq,bnkrq->bmnpr",
    "quantized_matmul": "mk,kn->mn", "quantized_batch_matmul": "bmk,bkn->bmn",
}
# Capital letters are the extents of the window beside the small letters of the result.
WINDOWS = {
    "conv_1d": "w,W->w", "conv_2d": "hw,HW->hw", "conv_3d": "dhw,DHW->dhw",
    "conv_1d_nwc_wcf": "nwc,Wcf->nwf", "conv_1d_ncw_fcw": "ncw,fcW->nfw",
    "conv_2d_nhwc_hwcf": "nhwc,HWcf->nhwf", "conv_2d_nhwc_fhwc": "nhwc,fHWc->nhwf",
    "conv_2d_nchw_fchw": "nchw,fcHW->nfhw", "conv_2d_ngchw_fgchw": "ngchw,fgcHW->ngfhw",
    "conv_2d_ngchw_gfchw": "ngchw,gfcHW->ngfhw", "conv_2d_nhwgc_gfhwc": "nhwgc,gfHWc->nhwgf",
    "conv_2d_nhwc_hwcf_q": "nhwc,HWcf->nhwf", "conv_2d_nhwc_fhwc_q": "nhwc,fHWc->nhwf",
    "conv_2d_nchw_fchw_q": "nchw,fcHW->nfhw", "conv_2d_ngchw_gfchw_q": "ngchw,gfcHW->ngfhw",
    "conv_2d_nhwgc_gfhwc_q": "nhwgc,gfHWc->nhwgf",
    "conv_3d_ndhwc_dhwcf": "ndhwc,DHWcf->ndhwf", "conv_3d_ndhwc_dhwcf_q": "ndhwc,DHWcf->ndhwf",
    "conv_3d_ncdhw_fcdhw": "ncdhw,fcDHW->nfdhw",
    "depthwise_conv_1d_nwc_wc": "nwc,Wc->nwc", "depthwise_conv_1d_ncw_cw": "ncw,cW->ncw",
    "depthwise_conv_1d_nwc_wcm": "nwc,Wcm->nwcm", "depthwise_conv_2d_nhwc_hwc": "nhwc,HWc->nhwc",
    "depthwise_conv_2d_nchw_chw": "nchw,cHW->nchw",
    "depthwise_conv_2d_nhwc_hwcm": "nhwc,HWcm->nhwcm",
    "depthwise_conv_2d_nhwc_hwc_q": "nhwc,HWc->nhwc",
    "depthwise_conv_2d_nhwc_hwcm_q": "nhwc,HWcm->nhwcm",
    "depthwise_conv_3d_ndhwc_dhwc": "ndhwc,DHWc->ndhwc",
    "depthwise_conv_3d_ncdhw_cdhw": "ncdhw,cDHW->ncdhw",
    "depthwise_conv_3d_ndhwc_dhwcm": "ndhwc,DHWcm->ndhwcm",
    "pooling_nchw_max": "nchw,HW->nchw", "pooling_nchw_sum": "nchw,HW->nchw",
    "pooling_ncw_max": "ncw,W->ncw", "pooling_ncw_sum": "ncw,W->ncw",
    "pooling_ndhwc_max": "ndhwc,DHW->ndhwc", "pooling_ndhwc_min": "ndhwc,DHW->ndhwc",
    "pooling_ndhwc_sum": "ndhwc,DHW->ndhwc", "pooling_nhwc_max": "nhwc,HW->nhwc",
    "pooling_nhwc_min": "nhwc,HW->nhwc", "pooling_nhwc_sum": "nhwc,HW->nhwc",
    "pooling_nwc_max": "nwc,W->nwc", "pooling_nwc_min": "nwc,W->nwc",
    "pooling_nwc_sum": "nwc,W->nwc",
}
SIZES = [
    dict(b=2, m=3, k=5, n=2, p=2, q=3, r=1, c=3, f=2, g=2, d=2, h=2, w=3, D=2, H=2, W=3),
    dict(b=1, m=1, k=1, n=1, p=1, q=1, r=1, c=1, f=1, g=1, d=1, h=1, w=1, D=1, H=1, W=1),
    dict(b=3, m=2, k=1, n=3, p=1, q=2, r=3, c=1, f=3, g=1, d=1, h=3, w=1, D=1, H=1, W=2),
]
IJ, I, SCALAR = ("ij", "f64"), ("i", "f64"), ("", "f64")


def named(name, arguments, result, attributes="", domain=WIDE, sizes=None, scalars=(), draw=None):
    """`linalg.<name>` on arguments and an initial value, the last argument. `scalars` are
    the arguments that are read as numbers."""
    def body(types, _):
        text, names, kinds = "", [], []
        for k, (_, element) in enumerate(arguments):
            names.append(f"%s{k}" if k in scalars else f"%a{k}")
            kinds.append(element if k in scalars else types[f"A{k}"])
            if k in scalars:
                text += f"%s{k} = tensor.extract %a{k}[] : tensor<{element}>\n"
        out = f"%a{len(arguments)} : {types['R0']}"
        return (text + f"%r0 = linalg.{name} {attributes} ins({', '.join(names)} : "
                f"{', '.join(kinds)}) outs({out}) -> {types['R0']}")
    return shaped(f"linalg.{name}", "linalg." + name, list(arguments) + [result], [result], body,
                  draw or uniform(*domain), f"({domain[0]}, {domain[1]})", sizes or ODD)


def draw_quantized(rng, _, spec, shape):
    if spec.element == "i32":
        return rng.integers(-2, 3, shape)
    return uniform(*WIDE)(rng, 0, spec, shape)


def contraction(name, letters):
    inputs, result = letters.split("->")
    arguments = [(part, "f64") for part in inputs.split(",")]
    scalars = ()
    if "quantized" in name:
        scalars, arguments = (2, 3), arguments + [("", "i32")] * 2
    return named(name, arguments, (result, "f64"), sizes=SIZES, scalars=scalars,
                 draw=draw_quantized)


def window(name, letters):
    """Strides of two first, then of one with a dilation of two."""
    inputs, result = letters.split("->")
    image, kernel = inputs.split(",")
    spatial = [c for c in image if c.upper() in kernel]
    sized, attributes = [], []
    rank = len(spatial)
    plain = name in ("conv_1d", "conv_2d", "conv_3d")
    for stride, dilation in ((1, 1),) if plain else ((2, 1), (1, 2)):
        # The extent of the image beside that of the result, named by digits.
        sized.append([dict(s, **{str(k): (s[c] - 1) * stride + (s[c.upper()] - 1) * dilation + 1
                                 for k, c in enumerate(spatial)}) for s in SIZES])
        attributes.append("" if plain else
                          f"{{strides = dense<{stride}> : tensor<{rank}xi64>, "
                          f"dilations = dense<{dilation}> : tensor<{rank}xi64>}}")
    for k, c in enumerate(spatial):
        image = image.replace(c, str(k))
    arguments, scalars = [(image, "f64"), (kernel, "f64")], ()
    if name.endswith("_q"):
        scalars, arguments = (2, 3), arguments + [("", "i32")] * 2
    found = []
    for attribute, sizes in zip(attributes, sized):
        cases = named(name, arguments, (result, "f64"), attribute, sizes=sizes, scalars=scalars,
                      draw=draw_quantized)
        for case in cases:
            case.function.name += "_" + str(len(found))
        found += cases
    return found


def region(op, lines, ins, out, dims, result="%r0"):
    """`linalg.map` and `linalg.reduce`: the body computes %y from %x and %o."""
    return (f"{result} = linalg.{op} ins({ins}) outs({out}) dimensions = [{dims}]\n"
            f"(%x: f64, %o: f64) {{\n{lines}\nlinalg.yield %y : f64\n}}")


def reductions():
    found = []
    for name, lines in {"sum": "%y = arith.addf %o, %x : f64",
                        "squares": "%q = arith.mulf %x, %x : f64\n%y = arith.addf %q, %o : f64",
                        "maximum": "%y = arith.maximumf %x, %o : f64",
                        "minimum": "%y = arith.minnumf %o, %x : f64",
                        "product": "%y = arith.mulf %x, %o : f64",
                        "product of sines": "%q = math.sin %x : f64\n%y = arith.mulf %o, %q : f64",
                        "maximum of squares": "%q = arith.mulf %x, %x : f64\n"
                                              "%y = arith.maxnumf %q, %o : f64"}.items():
        found += shaped("linalg.reduce", "reduce_" + name, [IJ, I], [I],
                        region("reduce", lines, "%a0 : {A0}", "%a1 : {A1}", 1), uniform(*WIDE),
                        "(-2, 2): sum, maximum, minimum, product, also of a function", ODD)
    return found


def others():
    elementwise = "kind=#linalg.elementwise_kind<{}>".format
    found = named("elementwise", [IJ], IJ, elementwise("exp"))
    found += named("elementwise", [IJ, IJ], IJ, elementwise("mul") + " ")
    for case in found[2:]:
        case.function.name += "_mul"
    found += named("contract", [("mk", "f64"), ("kn", "f64")], ("nm", "f64"),
                   "indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> "
                   "(k, n)>, affine_map<(m, n, k) -> (n, m)>]", sizes=SIZES)
    found += named("fill", [SCALAR], IJ, scalars=(0,))
    found += named("select", [("ij", "i1"), IJ, IJ], IJ, draw=draw_condition)
    found += named("fill_rng_2d", [SCALAR, SCALAR, ("", "i32")], IJ, scalars=(0, 1, 2),
                   draw=draw_range)
    found += reductions()
    wide = uniform(*WIDE)

    def add(op, arguments, results, body):
        found.extend(shaped("linalg." + op, op, arguments, results, body, wide, "(-2, 2)", ODD))
    add("transpose", [IJ, ("ji", "f64")], [("ji", "f64")],
        "%r0 = linalg.transpose ins(%a0 : {A0}) outs(%a1 : {A1}) permutation = [1, 0]")
    add("broadcast", [("j", "f64"), IJ], [IJ],
        "%r0 = linalg.broadcast ins(%a0 : {A0}) outs(%a1 : {A1}) dimensions = [0]")
    add("map", [IJ, IJ, IJ], [IJ],
        "%r0 = linalg.map { math.atan2 } ins(%a0, %a1 : {A0}, {A1}) outs(%a2 : {A2})")
    add("softmax", [IJ, IJ], [IJ], "%r0 = linalg.softmax dimension(1) ins(%a0 : {A0}) "
        "outs(%a1 : {A1}) -> {R0}")
    found.extend(shaped("linalg.softmax", "softmax_middle", [("bmk", "f64")] * 2,
                        [("bmk", "f64")], "%r0 = linalg.softmax dimension(1) ins(%a0 : {A0}) "
                        "outs(%a1 : {A1}) -> {R0}", wide, "(-2, 2)", SIZES))
    return found


def draw_condition(rng, argument, spec, shape):
    return rng.random(shape) < 0.5 if argument == 0 else uniform(*WIDE)(rng, 0, spec, shape)


def draw_range(rng, argument, spec, shape):
    return rng.integers(1, 9, shape) if argument == 2 else uniform(*WIDE)(rng, 0, spec, shape)


def cases():
    found = []
    for name, (operands, interval) in POINTWISE.items():
        found += named(name, [IJ] * operands, IJ, domain=interval)
    for name, letters in CONTRACTIONS.items():
        found += contraction(name, letters)
    for name, letters in WINDOWS.items():
        found += window(name, letters)
    return found + others()
