# The official image with the few packages that it lacks; everything else keeps the image's own pins.
FROM apache/airflow:3.3.2-python3.11

# Airflow is named so that nothing below can move it.
RUN pip install --no-cache-dir \
    apache-airflow==3.3.2 \
    apache-airflow-providers-postgres==7.1.1 \
    psycopg[binary]==3.3.9 \
    tenacity==9.2.1

# Side by side: the package finds include/sql from its own place.
COPY --chown=airflow:0 dags /opt/airflow/dags
COPY --chown=airflow:0 plugins /opt/airflow/plugins
COPY --chown=airflow:0 include /opt/airflow/include
ENV PYTHONPATH=/opt/airflow/plugins:/opt/airflow/include

# A volume mounted here begins with this folder's owner.
RUN mkdir --mode=0700 /opt/airflow/auth
