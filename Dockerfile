# One image, a plain container and a Lambda function: deploy/entrypoint.sh tells where it runs. All of it is on one base, and
# not on AWS's own for Python: that one serves Lambda alone, and Lambda takes any image that speaks its runtime interface,
# as awslambdaric does.
ARG PYTHON=docker.io/library/python:3.13-slim-trixie

FROM ${PYTHON} AS packages
WORKDIR /build
COPY requirements.txt ./
COPY deploy/requirements-lambda.txt deploy/prune.py deploy/
RUN pip install --no-cache-dir --no-compile --only-binary=:all: --target /opt/packages \
        -r requirements.txt -r deploy/requirements-lambda.txt \
    && python deploy/prune.py /opt/packages \
    && python -m compileall -q --invalidation-mode unchecked-hash /opt/packages

FROM ${PYTHON} AS code
WORKDIR /var/task
COPY handler.py ./
COPY deploy/entrypoint.sh deploy/healthcheck.py deploy/
COPY frontend frontend
COPY runtime runtime
RUN python -m compileall -q --invalidation-mode unchecked-hash . && chmod -R a+rX .

# Folders of the checkout that are baked in; what is not can be mounted over /models, /index and /images.
FROM ${PYTHON} AS artefacts
ARG MODELS=sample/models
ARG INDEX=deploy/empty
ARG IMAGES=deploy/empty
COPY ${MODELS} /artefacts/models
COPY ${INDEX} /artefacts/index
COPY ${IMAGES} /artefacts/images
RUN chmod -R a+rX /artefacts

FROM ${PYTHON}
# The official image comes without the standard library's .pyc files, and on a read-only root none can be made later: a start
# took 0.67 s at 1 CPU, against 0.36.
RUN library="$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" \
    && seldom='/(_pyrepl|ensurepip|idlelib|pydoc_data|site-packages|test|tkinter|turtledemo|unittest|venv|wsgiref|xmlrpc)/' \
    && python -m compileall -q --invalidation-mode unchecked-hash -x "$seldom" "$library"
# /tmp is all that may be written to. One thread for each search: onnxruntime's and FAISS's own are set by THREADS.
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
COPY --from=artefacts /artefacts/index /index
COPY --from=code /var/task /var/task
WORKDIR /var/task
# Lambda has users of its own. `sam local` adds its emulator to the image as this one, and fails unless it is root.
ARG RUN_AS=10001:10001
USER ${RUN_AS}
EXPOSE 8000
# Seen by whoever runs the server; Lambda has no use for it.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "deploy/healthcheck.py"]
ENTRYPOINT ["sh", "/var/task/deploy/entrypoint.sh"]
CMD ["serve"]
