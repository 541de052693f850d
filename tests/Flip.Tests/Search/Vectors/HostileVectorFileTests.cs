using System.Buffers.Binary;
using Flip.Randomness;
using Flip.Search.Vectors;

namespace Flip.Tests.Search.Vectors;

/// <summary>Files of vectors that a stranger made: what they say is compared with the description, and where they lead is looked at, before USearch follows it.</summary>
public sealed class HostileVectorFileTests : IDisposable
{
    private const int Rows = 60;
    private const int Damaged = 1000;
    private const int Graph = 8 + (Rows * TestIndex.Dim * 4) + 64;
    private const int FirstNode = Graph + 40 + (2 * Rows);

    private readonly TemporaryFolder _folder = new();
    private readonly VectorLayout _layout = TestIndex.Settings().Layout;
    private readonly byte[] _file;

    public HostileVectorFileTests()
    {
        new GraphWriter(_layout).Write(_folder.File("good"), null, [.. Enumerable.Range(0, Rows).Select(key => (long)key)], (key, _, floats) =>
        {
            TestIndex.Vector((int)key).CopyTo(floats);
            return false;
        });
        _file = File.ReadAllBytes(_folder.File("good"));
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0, 61, "61 vectors")]
    [InlineData(4, 63, "of 63 bytes")]
    [InlineData(Graph - 64, 0, "no file of USearch")]
    [InlineData(Graph - 64 + 7, 3, "version 3")]
    [InlineData(Graph - 64 + 13, (byte)'i', "not cosine")]
    [InlineData(Graph - 64 + 14, 12, "not cosine")]
    [InlineData(Graph - 64 + 17, 59, "59 vectors")]
    [InlineData(Graph - 64 + 33, 15, "15 numbers")]
    [InlineData(Graph - 64 + 41, 1, "several vectors of a key")]
    [InlineData(Graph, 61, "another number of vectors")]
    [InlineData(Graph + 8, 9, "9 and 16 neighbours")]
    [InlineData(Graph + 16, 200, "8 and 200 neighbours")]
    [InlineData(Graph + 24, 90, "begins nowhere")]
    [InlineData(Graph + 32, 60, "begins nowhere")]
    [InlineData(FirstNode + 10, 17, "17 neighbours, more than 16")]
    [InlineData(FirstNode + 14, 60, "a neighbour of vector 0 is not there")]
    [InlineData(FirstNode + 17, 0x80, "a neighbour of vector 0 is not there")]
    [InlineData(FirstNode + 7, 0x80, "no key")]
    [InlineData(FirstNode, 5, "two of its vectors have the key 5")]
    public void What_a_file_says_is_held_to_the_description(int place, byte value, string problem)
    {
        _file[place] = value;
        Assert.Contains(problem, Refused(_file).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_ends_early_or_late_is_refused()
    {
        for (var length = 0; length < _file.Length; length += 37)
        {
            Refused(_file[..length]);
        }

        Assert.Contains("1 bytes are left", Refused([.. _file, 0]).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_number_of_vectors_or_of_numbers_than_described_is_refused()
    {
        Assert.Throws<IndexFormatException>(() => VectorFile.Open(_folder.File("good"), _layout, Rows + 1));
        Assert.Throws<IndexFormatException>(() => VectorFile.Open(_folder.File("good"), _layout, Rows - 1));
        Assert.Throws<IndexFormatException>(() => VectorFile.Open(_folder.File("good"), _layout, int.MaxValue));
        Assert.Throws<IndexFormatException>(() => VectorFile.Open(_folder.File("good"), _layout with { Dim = TestIndex.Dim + 1 }, Rows));
        Assert.Throws<IndexFormatException>(() => VectorFile.Open(_folder.File("good"), _layout with { Format = VectorFormat.Fp16 }, Rows));
        Assert.Throws<IndexFormatException>(() => VectorFile.Open(_folder.File("good"), _layout with { Graph = new GraphSettings(9, 64, 64) }, Rows));
    }

    [Fact]
    public void Damage_anywhere_is_refused_or_leads_nowhere_else()
    {
        var opened = 0;
        for (var i = 0; i < Damaged; i++)
        {
            var random = new CounterRandom(11, RandomPurpose.Evaluation, item: i);
            var damaged = (byte[])_file.Clone();
            for (var change = 0; change <= i % 3; change++)
            {
                // Half of the damage is in the heads and lists, where lengths and places are.
                var from = i % 2 == 0 ? 8 + (Rows * TestIndex.Dim * 4) : 0;
                var place = from + random.NextInt(damaged.Length - from);
                if (random.NextInt(2) == 0 || place + 4 > damaged.Length)
                {
                    damaged[place] ^= (byte)(1 << random.NextInt(8));
                }
                else
                {
                    BinaryPrimitives.WriteUInt32LittleEndian(damaged.AsSpan(place), random.NextInt(2) == 0 ? uint.MaxValue : (uint)random.NextInt(100));
                }
            }

            try
            {
                using var file = Open(damaged);
                file.Search(TestIndex.Vector(i), 5);
                file.Search(TestIndex.Vector(i), 5, exact: true);
                opened++;
            }
            catch (IndexFormatException)
            {
                // Refused.
            }
        }

        Assert.InRange(opened, 1, Damaged - 1);
    }

    private VectorFile Open(byte[] bytes)
    {
        File.WriteAllBytes(_folder.File("damaged"), bytes);
        return VectorFile.Open(_folder.File("damaged"), _layout, Rows, graphFrom: 0);
    }

    private Exception Refused(byte[] bytes)
    {
        try
        {
            Open(bytes).Dispose();
        }
        catch (Exception e) when (e is IndexFormatException or IOException)
        {
            return e;
        }

        throw new InvalidOperationException($"{bytes.Length} bytes were taken");
    }
}
