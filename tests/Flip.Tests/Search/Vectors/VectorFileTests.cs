using Flip.Search.Vectors;

namespace Flip.Tests.Search.Vectors;

public sealed class VectorFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(VectorFormat.Fp32, 1e-6)]
    [InlineData(VectorFormat.Fp16, 1e-3)]
    [InlineData(VectorFormat.Int8, 2e-2)]
    public void Comparing_every_vector_finds_the_true_neighbours_of_the_stored_numbers(VectorFormat format, double tolerance)
    {
        using var file = Write(format, 0, 300, graphFrom: int.MaxValue);
        var query = TestIndex.Vector(1000);
        var stored = new float[TestIndex.Dim];
        var expected = Enumerable.Range(0, 300)
            .Select(key => (Key: (long)key, Cosine: file.TryGet(key, stored) ? TestIndex.Cosine(query, stored) : double.NaN))
            .OrderByDescending(item => item.Cosine)
            .Take(12)
            .ToList();
        var found = file.Search(query, 12);
        Assert.Equal(expected.Select(item => item.Cosine), found.Select(item => (double)item.Cosine), (a, b) => Math.Abs(a - b) < tolerance);
        Assert.All(found, item => Assert.Equal(TestIndex.Cosine(query, TestIndex.Vector((int)item.Key)), item.Cosine, tolerance));
        if (format == VectorFormat.Fp32)
        {
            Assert.Equal(expected.Select(item => item.Key), found.Select(item => item.Key));
        }
    }

    [Theory]
    [InlineData(VectorFormat.Fp32)]
    [InlineData(VectorFormat.Fp16)]
    [InlineData(VectorFormat.Int8)]
    public void The_graph_finds_nearly_all_of_them(VectorFormat format)
    {
        using var file = Write(format, 0, 3000, graphFrom: 0);
        Assert.True(file.UsesGraph);
        var found = 0;
        for (var query = 5000; query < 5050; query++)
        {
            found += file.Search(TestIndex.Vector(query), 10, exact: true).Select(item => item.Key)
                .Intersect(file.Search(TestIndex.Vector(query), 10).Select(item => item.Key)).Count();
        }

        Assert.True(found > 480, $"{found} of 500");
    }

    [Fact]
    public void A_file_that_grows_keeps_its_vectors_to_the_byte_and_finds_the_new_ones()
    {
        using var before = Write(VectorFormat.Int8, 0, 200, graphFrom: 0);
        new GraphWriter(before.Layout, threads: 1).Write(_folder.File("grown"), before, [.. Enumerable.Range(200, 100).Select(key => (long)key)], Read);
        using var after = VectorFile.Open(_folder.File("grown"), before.Layout, 300, graphFrom: 0);
        Assert.All(Enumerable.Range(0, 200), key => Assert.True(before.Raw(key).SequenceEqual(after.Raw(key))));
        Assert.All(Enumerable.Range(0, 300), key => Assert.Equal(key, after.Search(TestIndex.Vector(key), 1)[0].Key));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(int.MaxValue)]
    public void Keys_that_do_not_count_are_never_found_and_others_take_their_places(int graphFrom)
    {
        using var file = Write(VectorFormat.Fp32, 0, 500, graphFrom);
        var found = file.Search(TestIndex.Vector(0), 20, key => key >= 100);
        Assert.Equal(20, found.Count);
        Assert.All(found, item => Assert.True(item.Key >= 100));
        Assert.Equal(file.Search(TestIndex.Vector(0), 20, key => key >= 100, exact: true), found);
    }

    [Fact]
    public void Equals_stand_by_rising_key_and_no_more_are_given_than_there_are()
    {
        var layout = TestIndex.Settings().Layout;
        new GraphWriter(layout).Write(_folder.File("same"), null, [9, 4, 7], (_, _, floats) =>
        {
            TestIndex.Vector(1).CopyTo(floats);
            return false;
        });
        using var file = VectorFile.Open(_folder.File("same"), layout, 3);
        Assert.Equal([4, 7, 9], file.Search(TestIndex.Vector(1), 10).Select(item => item.Key));
        Assert.Equal([4, 7], file.Search(TestIndex.Vector(1), 2).Select(item => item.Key));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(int.MaxValue)]
    public async Task Many_threads_find_what_one_finds(int graphFrom)
    {
        using var file = Write(VectorFormat.Fp32, 0, 1000, graphFrom);
        var expected = Enumerable.Range(0, 100).Select(query => file.Search(TestIndex.Vector(query), 5)).ToList();
        await Task.WhenAll(Enumerable.Range(0, 24).Select(thread => Task.Factory.StartNew(
            () => Assert.All(Enumerable.Range(0, 100), i => Assert.Equal(expected[(i + (thread * 4)) % 100], file.Search(TestIndex.Vector((i + (thread * 4)) % 100), 5))),
            TaskCreationOptions.LongRunning)));
    }

    [Fact]
    public void A_query_of_another_length_or_without_direction_is_an_error()
    {
        using var file = Write(VectorFormat.Fp32, 0, 10, graphFrom: 0);
        Assert.Throws<ArgumentException>(() => file.Search(new float[3], 1));
        Assert.Throws<ArgumentException>(() => file.Search(new float[TestIndex.Dim], 1));
        Assert.Throws<ArgumentException>(() => file.Search(Enumerable.Repeat(float.NaN, TestIndex.Dim).ToArray(), 1));
    }

    private static bool Read(long key, Span<byte> raw, Span<float> floats)
    {
        TestIndex.Vector((int)key).CopyTo(floats);
        return false;
    }

    private VectorFile Write(VectorFormat format, int first, int count, int graphFrom)
    {
        var layout = TestIndex.Settings(format).Layout;
        new GraphWriter(layout, threads: 1).Write(_folder.File("vectors"), null, [.. Enumerable.Range(first, count).Select(key => (long)key)], Read);
        return VectorFile.Open(_folder.File("vectors"), layout, count, graphFrom);
    }
}
