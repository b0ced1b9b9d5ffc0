package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

final class NumbersTest {
    private static final BigDecimal OVER_2_53 = new BigDecimal((1L << 53) + 1);

    @Test
    void longsAroundDoubles() {
        BigDecimal half = new BigDecimal("2.5");
        assertThat(Numbers.leastLong(half, false)).hasValue(3);
        assertThat(Numbers.greatestLong(half, true)).hasValue(2);
        BigDecimal two = new BigDecimal(2);
        assertThat(Numbers.leastLong(two, false)).hasValue(2);
        assertThat(Numbers.leastLong(two, true)).hasValue(3);
        assertThat(Numbers.greatestLong(two, true)).hasValue(1);
        BigDecimal max = new BigDecimal(Long.MAX_VALUE);
        assertThat(Numbers.leastLong(max, true)).isEqualTo(OptionalLong.empty());
        assertThat(Numbers.greatestLong(new BigDecimal("1e300"), false)).hasValue(Long.MAX_VALUE);
        assertThat(Numbers.leastLong(new BigDecimal("-1e300"), true)).hasValue(Long.MIN_VALUE);
        assertThat(Numbers.greatestLong(new BigDecimal("-1e300"), false)).isEmpty();
        assertThat(Numbers.asLong(half)).isEmpty();
        assertThat(Numbers.asLong(new BigDecimal("1e19"))).isEmpty();
    }

    @Test
    void doublesAroundLongs() {
        assertThat(Numbers.asDouble(OVER_2_53)).isEmpty();
        assertThat(Numbers.leastDouble(OVER_2_53, false)).isEqualTo(0x1p53 + 2);
        assertThat(Numbers.greatestDouble(OVER_2_53, false)).isEqualTo(0x1p53);
        assertThat(Numbers.leastDouble(BigDecimal.ONE, true)).isEqualTo(Math.nextUp(1.0));
        assertThat(Numbers.greatestDouble(BigDecimal.ONE, true)).isEqualTo(Math.nextDown(1.0));
        assertThat(Numbers.isExact(1L << 60)).isTrue();
        assertThat(Numbers.isExact((1L << 60) + 1)).isFalse();
        assertThat(Numbers.isExact(Long.MAX_VALUE)).isFalse();
        assertThat(Numbers.isExact(Long.MIN_VALUE)).isTrue();
    }
}
