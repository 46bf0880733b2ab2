"""Makes src/exams/statistics/vectors.json from scipy and statsmodels, so that our statistics are checked
against code that is not ours:

    python -m venv venv && venv/bin/pip install scipy==1.17.1 statsmodels==0.15.0
    venv/bin/python test/exams/statistics-vectors.py > src/exams/statistics/vectors.json
"""
import json
import math
import numpy as np
import scipy
import statsmodels
from scipy import optimize, special, stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

pairs = [(0, 1), (0, 10), (1, 10), (5, 10), (29, 30), (30, 30), (3, 41), (80, 100), (199, 200), (500, 1000)]


def interval(method):
    return [dict(successes=k, n=n, interval=list(map(float, proportion_confint(k, n, 0.05, method)))) for k, n in pairs]


def log_evidence(k, n, q):
    f = lambda p: math.exp(stats.binom.logpmf(k, n, p) - stats.binom.logpmf(k, n, q)) / (math.pi * math.sqrt(p * (1 - p)))
    # The substitution p = sin^2(t) removes the poles of the arcsine density.
    g = lambda t: math.exp(stats.binom.logpmf(k, n, math.sin(t) ** 2) - stats.binom.logpmf(k, n, q)) * 2 / math.pi
    from scipy.integrate import quad
    return math.log(quad(g, 0, math.pi / 2, epsabs=0, epsrel=1e-11, limit=500)[0])


def tango(n, b, c):
    """By numeric maximisation of the multinomial likelihood under p12 - p21 = d, not by the closed form."""
    def score(d):
        lo, hi = max(0, -d), (1 - d) / 2
        def negative(p21):
            p12, rest = p21 + d, 1 - 2 * p21 - d
            total = 0.0
            for count, p in ((b, p12), (c, p21), (n - b - c, rest)):
                if count:
                    total += count * math.log(max(p, 1e-300))
            return -total
        p21 = optimize.minimize_scalar(negative, bounds=(lo, hi), method='bounded', options=dict(xatol=1e-13)).x
        return (b - c - n * d) / math.sqrt(n * (2 * p21 + d * (1 - d)))
    z, d0 = stats.norm.ppf(0.975), (b - c) / n
    return [optimize.brentq(lambda d: abs(score(d)) - z, -0.999999, d0 - 1e-9), optimize.brentq(lambda d: abs(score(d)) - z, d0 + 1e-9, 0.999999)]


def betting(x, alpha=0.05):
    """Hedged capital with predictable plug-in bets, straight from the paper, in plain products."""
    ms = np.arange(0, 1001) / 1000
    up, down = np.ones(1001), np.ones(1001)
    for i in range(1, len(x) + 1):
        mu = [(0.5 + sum(x[:j])) / (j + 1) for j in range(1, i)]
        var = (0.25 + sum((x[j] - mu[j]) ** 2 for j in range(i - 1))) / i
        lam = math.sqrt(2 * math.log(2 / alpha) / (var * i * math.log(1 + i)))
        with np.errstate(divide='ignore'):
            up *= 1 + np.minimum(lam, 0.5 / ms) * (x[i - 1] - ms)
            down *= 1 - np.minimum(lam, 0.5 / (1 - ms)) * (x[i - 1] - ms)
    keep = ms[np.maximum(up, down) / 2 < 1 / alpha]
    return [max(0.0, keep.min() - 0.001), min(1.0, keep.max() + 0.001)]


def beta_binomial(counts):
    f = lambda v: -sum(stats.betabinom.logpmf(k, n, math.exp(v[0]), math.exp(v[1])) for k, n in counts)
    best = optimize.minimize(f, [0, 0], method='Nelder-Mead', options=dict(xatol=1e-9, fatol=1e-12, maxiter=4000)).x
    return [math.exp(best[0]), math.exp(best[1])]


rng = np.random.default_rng(7)
series = [float(round(v, 3)) for v in rng.beta(2, 1, 60)]
counts = [(int(rng.binomial(8, p)), 8) for p in rng.beta(0.7, 1.4, 60)]
p_values = [0.001, 0.04, 0.03, 0.2, 0.011, 0.6, 0.03]

print(json.dumps(dict(
    command='venv/bin/python test/exams/statistics-vectors.py > src/exams/statistics/vectors.json',
    versions=dict(scipy=scipy.__version__, statsmodels=statsmodels.__version__),
    wilson=interval('wilson'),
    clopperPearson=interval('beta'),
    special=[dict(a=a, b=b, x=x, betaCdf=float(special.betainc(a, b, x)), betaQuantile=float(special.betaincinv(a, b, x)), logBeta=float(special.betaln(a, b)))
             for a in (0.5, 1, 3, 29, 500.5, 5000) for b in (0.5, 2, 30.5, 1000) for x in (0.001, 0.025, 0.5, 0.975)],
    normal=[dict(p=p, quantile=float(stats.norm.ppf(p)), t19=float(stats.t.ppf(p, 19))) for p in (0.025, 0.1, 0.5, 0.8, 0.975, 0.999)],
    logEvidence=[dict(successes=k, n=n, rate=q, value=log_evidence(k, n, q)) for k, n, q in ((0, 3, 0.8), (10, 20, 0.8), (28, 28, 0.8), (150, 200, 0.8), (5, 9, 0.5))],
    mcnemar=[dict(onlyA=b, onlyB=c, p=float(mcnemar([[10, b], [c, 10]], exact=True).pvalue)) for b, c in ((0, 5), (3, 9), (12, 2), (7, 7), (1, 0))],
    tango=[dict(n=n, onlyA=b, onlyB=c, interval=tango(n, b, c)) for n, b, c in ((20, 3, 1), (86, 16, 8), (50, 9, 4), (200, 30, 12), (30, 0, 6), (44, 1, 0))],
    adjusted=dict(p=p_values, holm=list(map(float, multipletests(p_values, method='holm')[1])), benjaminiHochberg=list(map(float, multipletests(p_values, method='fdr_bh')[1]))),
    betting=dict(values=series, interval=list(map(float, betting(series)))),
    betaBinomial=dict(counts=[dict(successes=k, n=n) for k, n in counts], fit=beta_binomial(counts)),
)))
