"""Clusters of a large library: where vectors are placed, and that scales are those that faiss would fit."""

import faiss
import numpy as np
from numpy.typing import NDArray

from export.index.vectors.cluster_file import COMPARED, nearest_centroids
from export.index.vectors.clusters import mean_directions, neighbours_in_a_row

rng = np.random.default_rng(3)


def unit(count: int, dimension: int = 16) -> NDArray[np.float32]:
    vectors = rng.standard_normal((count, dimension), np.float32)
    directions: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return directions


def test_each_vector_is_placed_where_faiss_would_place_it() -> None:
    vectors, centroids = unit(COMPARED + 100), unit(40)
    index = faiss.IndexFlatIP(16)
    index.add(centroids)
    scores, rows = index.search(vectors, 1)
    placed, best = nearest_centroids(vectors, centroids)
    assert (placed == rows[:, 0]).all()
    np.testing.assert_allclose(best, scores[:, 0], atol=1e-5)


def test_a_centroid_is_the_mean_direction_of_its_vectors() -> None:
    vectors, placed = unit(6), np.array([0, 1, 0, 1, 1, 0])
    means = mean_directions(vectors, placed, np.zeros(6, np.float32), 2)
    for cluster in (0, 1):
        mean = vectors[placed == cluster].mean(axis=0)
        np.testing.assert_allclose(means[cluster], mean / np.linalg.norm(mean), atol=1e-5)


def test_an_empty_cluster_begins_anew_at_the_vector_farthest_from_its_own_centroid() -> None:
    vectors, placed = unit(5), np.array([0, 0, 2, 2, 2])
    means = mean_directions(vectors, placed, np.array([0.9, 0.8, 0.1, 0.5, 0.7], np.float32), 3)
    np.testing.assert_allclose(means[1], vectors[2], atol=1e-6)


def test_clusters_that_are_near_each_other_follow_one_another() -> None:
    topics = unit(16)
    centroids = np.repeat(topics, 8, axis=0) + 0.1 * unit(128)
    shuffled = rng.permutation(128)
    order = neighbours_in_a_row(centroids[shuffled])
    assert sorted(order.tolist()) == list(range(128))
    topic_of = shuffled[order] // 8
    assert np.count_nonzero(np.diff(topic_of)) < 40, "of a random order, about 120"


def test_equal_centroids_and_few_have_an_order() -> None:
    for centroids in (np.ones((9, 4), np.float32), unit(1), unit(2), unit(3)):
        assert sorted(neighbours_in_a_row(centroids).tolist()) == list(range(len(centroids)))
