using System.Collections.Concurrent;
using Flip.Search;
using Flip.Search.Export;
using Grpc.Core;
using Parquet;
using Qdrant.Client;
using Qdrant.Client.Grpc;

namespace Flip.Tests.Search.Export;

public sealed class IndexExportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ImageIndex _index;

    public IndexExportTests()
    {
        TestIndex.Publish(_folder.File("index"), TestIndex.Images(0, 600));
        _index = ImageIndex.Open(_folder.File("index"));
    }

    public void Dispose()
    {
        _index.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Parquet_has_every_key_path_and_vector()
    {
        Assert.Equal(600, ParquetExport.Write(_index, _folder.File("x.parquet"), cancellation: TestContext.Current.CancellationToken));
        await using var reader = await ParquetReader.CreateAsync(_folder.File("x.parquet"), cancellationToken: TestContext.Current.CancellationToken);
        using var group = reader.OpenRowGroupReader(0);
        var fields = reader.Schema.DataFields;
        Assert.Equal(["key", "element", "path"], fields.Select(field => field.Name));
        var (keys, vectors, paths) = (new string[600], new float[600 * TestIndex.Dim], new string[600]);
        await group.ReadAsync(fields[0], keys, null, TestContext.Current.CancellationToken);
        await group.ReadRawAsync<float>(fields[1], vectors, new int[vectors.Length], new int[vectors.Length], TestContext.Current.CancellationToken);
        await group.ReadAsync(fields[2], paths, null, TestContext.Current.CancellationToken);
        Assert.Equal(_index.Read().Select(image => image.Key), keys);
        Assert.Equal(_index.Read().SelectMany(image => image.Vector), vectors);
        Assert.Equal(_index.Read().Select(image => image.Path), paths);
        Assert.Equal(TestIndex.Model.Weights, reader.CustomMetadata["weights"]);
    }

    [Fact]
    public async Task Qdrant_gets_a_collection_and_every_point_once_however_often_it_is_sent()
    {
        var server = new QdrantDouble();
        using var client = new QdrantClient(new QdrantGrpcClient(server));
        for (var time = 0; time < 2; time++)
        {
            Assert.Equal(600, await new QdrantExport(client, "photos").SendAsync(_index, cancellation: TestContext.Current.CancellationToken));
        }

        Assert.Equal(1, server.Created);
        Assert.Equal((ulong)TestIndex.Dim, server.Params!.Size);
        Assert.Equal(Distance.Cosine, server.Params.Distance);
        Assert.Equal([256, 256, 88, 256, 256, 88], server.Batches);
        Assert.Equal(600, server.Points.Count);
        foreach (var image in _index.Read())
        {
            var point = server.Points[QdrantExport.NumberOf(image.Key).ToString()];
            Assert.Equal(image.Key, point.Payload["key"].StringValue);
            Assert.Equal(image.Path, point.Payload["path"].StringValue);
            Assert.Equal(image.Vector, point.Vectors.Vector.Dense.Data);
        }
    }

    [Fact]
    public async Task A_collection_of_other_vectors_and_a_server_that_fails_are_errors()
    {
        var server = new QdrantDouble { Params = new VectorParams { Size = 99, Distance = Distance.Cosine } };
        using var client = new QdrantClient(new QdrantGrpcClient(server));
        var wrong = await Assert.ThrowsAsync<ConfigException>(() => new QdrantExport(client, "photos").SendAsync(_index, cancellation: TestContext.Current.CancellationToken));
        Assert.Contains("not for vectors of 16 numbers", wrong.Message, StringComparison.Ordinal);
        Assert.Empty(server.Points);
        server.Failure = new RpcException(new Status(StatusCode.Unavailable, "nobody is there"));
        var failed = await Assert.ThrowsAsync<IOException>(() => new QdrantExport(client, "photos").SendAsync(_index, cancellation: TestContext.Current.CancellationToken));
        Assert.Contains("Unavailable, nobody is there.", failed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost:6334")]
    [InlineData("ftp://host")]
    [InlineData("http://user:secret@host:6334")]
    [InlineData("")]
    public void An_address_is_that_of_a_server(string address) => Assert.Throws<ConfigException>(() => QdrantExport.Connect(address));

    /// <summary>A server in this process: requests pass through the wire's form and back, and points are kept by their number.</summary>
    private sealed class QdrantDouble : CallInvoker
    {
        public ConcurrentDictionary<string, PointStruct> Points { get; } = new();

        public List<int> Batches { get; } = [];

        public VectorParams? Params { get; set; }

        public int Created { get; private set; }

        public RpcException? Failure { get; set; }

        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
        {
            var wire = new Wire();
            method.RequestMarshaller.ContextualSerializer(request, wire);
            var answer = Failure is null ? Task.FromResult((TResponse)Answer(method.RequestMarshaller.ContextualDeserializer(new Received(wire.Bytes)))) : Task.FromException<TResponse>(Failure);
            return new AsyncUnaryCall<TResponse>(answer, Task.FromResult(new Metadata()), () => Status.DefaultSuccess, () => [], () => { });
        }

        public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw new NotSupportedException();

        public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
            throw new NotSupportedException();

        public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options) =>
            throw new NotSupportedException();

        public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options) =>
            throw new NotSupportedException();

        private object Answer(object request)
        {
            switch (request)
            {
                case CollectionExistsRequest:
                    return new CollectionExistsResponse { Result = new CollectionExists { Exists = Params is not null } };
                case CreateCollection create:
                    (Params, Created) = (create.VectorsConfig.Params, Created + 1);
                    return new CollectionOperationResponse { Result = true };
                case GetCollectionInfoRequest:
                    return new GetCollectionInfoResponse
                    {
                        Result = new CollectionInfo { Config = new CollectionConfig { Params = new CollectionParams { VectorsConfig = new VectorsConfig { Params = Params } } } },
                    };
                case UpsertPoints upsert:
                    Assert.True(upsert.Wait);
                    Assert.Equal("photos", upsert.CollectionName);
                    Batches.Add(upsert.Points.Count);
                    foreach (var point in upsert.Points)
                    {
                        Points[point.Id.Uuid] = point;
                    }

                    return new PointsOperationResponse { Result = new UpdateResult { Status = UpdateStatus.Completed } };
                default:
                    throw new NotSupportedException(request.GetType().Name);
            }
        }

        private sealed class Received(byte[] bytes) : DeserializationContext
        {
            public override int PayloadLength => bytes.Length;

            public override byte[] PayloadAsNewBuffer() => bytes;

            public override System.Buffers.ReadOnlySequence<byte> PayloadAsReadOnlySequence() => new(bytes);
        }

        private sealed class Wire : SerializationContext
        {
            private readonly System.Buffers.ArrayBufferWriter<byte> _buffer = new();

            public byte[] Bytes { get; private set; } = [];

            public override System.Buffers.IBufferWriter<byte> GetBufferWriter() => _buffer;

            public override void SetPayloadLength(int payloadLength)
            {
                // It grows.
            }

            public override void Complete() => Bytes = _buffer.WrittenSpan.ToArray();

            public override void Complete(byte[] payload) => Bytes = payload;
        }
    }
}
