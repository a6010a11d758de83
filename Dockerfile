# One image for a plain container and a Lambda function: deploy/entrypoint.sh finds out where it runs. The base is Python's
# official image, as AWS's runs on Lambda only. Lambda accepts any image with a client of its runtime interface: awslambdaric.
# By digest (of the list of all architectures), so that one build is like the next. A newer one:
# docker buildx imagetools inspect python:3.13-slim-trixie
ARG PYTHON=docker.io/library/python:3.13-slim-trixie@sha256:ffb752e139c0a19692a43af8d8523b274222dd68eebad5d583b45c2201c6e30a

FROM ${PYTHON} AS packages
WORKDIR /build
COPY requirements.lock ./
COPY deploy/requirements-lambda.lock deploy/prune.py deploy/
RUN pip install --no-cache-dir --no-compile --only-binary=:all: --no-deps --require-hashes --target /opt/packages \
        -r requirements.lock -r deploy/requirements-lambda.lock \
    && python deploy/prune.py /opt/packages \
    && python -m compileall -q --invalidation-mode unchecked-hash /opt/packages

# For the job that indexes: all of each package, and those that read HEIC and RAW.
FROM ${PYTHON} AS index_packages
WORKDIR /build
COPY requirements.lock requirements-photos.lock ./
RUN pip install --no-cache-dir --only-binary=:all: --no-deps --require-hashes --target /opt/packages \
        -r requirements.lock -r requirements-photos.lock

FROM ${PYTHON} AS code
WORKDIR /var/task
COPY handler.py ./
COPY deploy/entrypoint.sh deploy/healthcheck.py deploy/
COPY frontend frontend
COPY runtime runtime
RUN python -m compileall -q --invalidation-mode unchecked-hash . && chmod -R a+rX .

# Folders of the checkout that are copied into the image; others can be mounted at /models, /index and /images.
FROM ${PYTHON} AS artefacts
ARG MODELS=sample/models
ARG INDEX=deploy/empty
ARG IMAGES=deploy/empty
COPY ${MODELS} /artefacts/models
COPY ${INDEX} /artefacts/index
COPY ${IMAGES} /artefacts/images
RUN chmod -R a+rX /artefacts

FROM ${PYTHON} AS server
# The official image has no .pyc files of the standard library, and on a read-only root none can be written later: a start at
# 1 CPU took 0.67 s without them, 0.36 s with them.
RUN library="$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" \
    && seldom='/(_pyrepl|ensurepip|idlelib|pydoc_data|site-packages|test|tkinter|turtledemo|unittest|venv|wsgiref|xmlrpc)/' \
    && python -m compileall -q --invalidation-mode unchecked-hash -x "$seldom" "$library"
# Only /tmp may be written to. Numeric libraries get one thread; THREADS sets those of onnxruntime and FAISS.
ENV HOME=/tmp \
    PYTHONPATH=/opt/packages \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    OMP_NUM_THREADS=1 \
    OPENBLAS_NUM_THREADS=1 \
    ORT_DISABLE_TELEMETRY=1 \
    MODELS_DIR=/models \
    INDEX_DIR=/index \
    IMAGES_DIR=/images
COPY --from=packages /opt/packages /opt/packages
COPY --from=artefacts /artefacts/models /models
COPY --from=artefacts /artefacts/images /images
# Of this user, so that a volume in its place, which begins as its copy, can be written by the job that indexes.
COPY --from=artefacts --chown=10001:10001 /artefacts/index /index
COPY --from=code /var/task /var/task
WORKDIR /var/task
# Lambda ignores this user. `sam local` adds its emulator to the image as this user, and fails unless it is root.
ARG RUN_AS=10001:10001
USER ${RUN_AS}
EXPOSE 8000
# For container engines; Lambda ignores it.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "deploy/healthcheck.py"]
ENTRYPOINT ["sh", "/var/task/deploy/entrypoint.sh"]
CMD ["serve"]

# The same with the side that builds indexes: docker build --target index. It has no torch, so it makes no models.
FROM server AS index
COPY --from=index_packages /opt/packages /opt/packages
COPY lookwhy.py ./
COPY export export
HEALTHCHECK NONE
ENTRYPOINT ["python", "-m", "lookwhy"]
CMD ["index", "/images", "--models", "/models", "--out", "/index"]

# Last, so that it is what is built where no target is named.
FROM server
