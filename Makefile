# `make` says what there is. CONFIG=debug builds without optimisation; PORT=8531, HOME_FOLDER=var for `make serve`.
CONFIG ?= release
PORT ?= 8531
HOME_FOLDER ?= var
# The name that devices are told; the machine's own where it is empty. It counts when the home is made.
HOST ?=
# Arguments of the benchmarks.
BENCH ?=
FUZZ_SECONDS ?= 60
export CONFIG PORT HOME_FOLDER HOST FUZZ_SECONDS

.PHONY: help serve test check format samples bench fuzz clean

help:
	@echo 'make serve    install what is missing, build, and serve https://HOST:$(PORT) with the sample catalogue'
	@echo '              (CONFIG=debug, PORT=..., HOME_FOLDER=... change how; HOST=... names the server when its home is made)'
	@echo 'make test     install what is missing, build, and run all tests'
	@echo 'make check    formatting, imports, words, scripts'
	@echo 'make format   format the sources in place'
	@echo 'make samples  write the sample catalogue anew from its generator'
	@echo 'make bench    the benchmarks (Benchmarks/, docs/benchmarks.md; BENCH="--quick delta" chooses)'
	@echo 'make fuzz     every fuzz target for FUZZ_SECONDS=$(FUZZ_SECONDS) (Fuzz/)'
	@echo 'make clean    remove what was built; the home $(HOME_FOLDER)/ stays'

serve:
	@exec Scripts/serve.sh

test:
	@exec Scripts/test.sh

check:
	swift format lint --recursive --strict --parallel Package.swift Sources Tests Fuzz/Sources Benchmarks/Sources
	@Scripts/imports.py
	@Scripts/words.py
	@for script in Scripts/*.sh Tests/Blackbox/run Tests/Blackbox/*.sh .ci/run; do bash -n "$$script" || exit 1; done
	@if command -v shellcheck >/dev/null; then shellcheck -x --severity=warning Scripts/*.sh Tests/Blackbox/run Tests/Blackbox/*.sh .ci/run; \
	    else echo 'shellcheck is not installed: scripts were only parsed'; fi

format:
	swift format --recursive --in-place --parallel Package.swift Sources Tests Fuzz/Sources Benchmarks/Sources

samples:
	@Samples/generate.py

bench:
	@exec Scripts/bench.sh $(BENCH)

fuzz:
	@exec Scripts/fuzz.sh

clean:
	rm -rf .build .build-* Benchmarks/.build* Benchmarks/.cache Fuzz/.build* .venv
