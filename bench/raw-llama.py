"""Raw llama.cpp through the wheel `xllamacpp`: one JSON request a line in, one JSON measurement a line out."""
import json
import os
import sys

import xllamacpp

settings = json.loads(sys.argv[1])
params = xllamacpp.CommonParams()
params.model.path = settings["path"]
params.n_ctx = settings["contextTokens"]
params.n_parallel = settings["parallel"]
params.kv_unified = True
params.cpuparams.n_threads = settings["threads"]
params.cpuparams_batch.n_threads = settings["threads"]
params.verbosity = 0
# The library prints to standard output too: keep that apart from our answers.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
server = xllamacpp.Server(params)
print(json.dumps({"ready": True}), file=answers, flush=True)
for line in sys.stdin:
    result = server.handle_completions(json.loads(line))
    print(json.dumps(result), file=answers, flush=True)
