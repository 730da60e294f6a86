module signet/core/pki/testdata/go_vectors

go 1.26.0
